import NIOCore
import RESP

/// Where a command goes while replicas may answer some reads. All that a client has under way on lanes is on one of
/// them, so its answers keep their order.
extension Session {
    enum ReadRoute {
        case master
        case replica(Lane)
        /// Reads of this client are under way on a replica, and this command does not go there: it waits for them.
        case wait
    }

    func route(_ spec: CommandSpec, _ frame: RequestFrame, _ bytes: UnsafeRawBufferPointer) -> ReadRoute {
        let isOnReplica = outstanding > 0 && readsReplica
        let isCovered = shard.replicaReads.rule.covers(spec, frame, bytes)
        let verdict: Shard.ReplicaLane =
            switch (isCovered, outstanding > 0, isOnReplica) {
            case (false, _, _): .none(nil)
            case (true, true, false): .none(.busy)
            case (true, _, _): shard.replicaLane(for: self)
            }
        switch verdict {
        case .lane(let lane) where !isOnReplica || lane === replicaLane:
            replicaLane = lane
            readsReplica = true
            shard.metrics.countReplicaRead()
            return .replica(lane)
        case .lane:
            shard.metrics.countReplicaFallback(.busy)
        case .none(let reason):
            if let reason { shard.metrics.countReplicaFallback(reason) }
        }
        if isOnReplica { return .wait }
        readsReplica = false
        return .master
    }

    /// A read that the replica did not answer goes to the master, ahead of all that this client sends later.
    func sendToMaster(_ frame: ByteBuffer, _ command: PendingCommand) {
        if readsReplica || lane == nil {
            readsReplica = false
            replicaLane = nil
            lane = shard.lane(for: state.upstreamKey)
        }
        var command = command
        command.holdUntil = PendingCommand.notHeld
        command.refusal = nil
        frame.withUnsafeReadableBytes { lane?.append($0, command) }
    }

    /// A write of this session's was answered, or is beyond knowing: for a while only the master has it for certain.
    @inline(__always)
    func noteWriteTime(_ now: NIODeadline) { lastWriteTime = now }
}
