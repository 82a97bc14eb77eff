import DequeModule
import NIOCore
import RedisClient

/// A lane to a replica: it carries reads only, holds nothing, and gives back what it cannot have answered.
extension Lane {
    /// Gives all that is not answered to the master, and is done. Sending a read again does no harm; only a client that
    /// already has part of an answer is closed.
    func handBack() {
        disconnect()
        retire()
        shard.avoid(key)
        guard !isEmpty else { return }
        requeue()
        for (command, frame) in takeUnsent() {
            shard.metrics.countReplicaFallback(.lost)
            command.session.sendToMaster(frame, command)
        }
    }

    /// Another master: whom this replica follows is to be found out first. While there is only doubt, what was asked
    /// is still answered.
    func masterOfReplicaChanged() {
        guard let master = shard.master, master != shard.replicaReads.choice.survey?.master else { return }
        handBack()
    }

    /// Whether a read has waited longer for this replica than it should. A long answer that has begun is waited for
    /// as long as the replica is well.
    func isOverdueAtReplica(_ now: NIODeadline) -> Bool {
        guard let replica = key.replica, !pending.isEmpty, stalledBy == nil, let oldest = pending.first,
            oldest.arrived + Shard.replicaPatience <= now
        else { return false }
        return !oldest.partlyAnswered || !shard.isUsable(replica)
    }
}
