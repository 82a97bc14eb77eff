import DequeModule
import NIOCore

/// A lane's commands while its event loop answers in the server's stead.
extension Lane {
    /// Whether a command has waited its time, held or with a master that is in doubt and does not answer.
    func isOverdue(_ now: NIODeadline) -> Bool {
        if let first = refused.first, first.command.holdUntil <= now { return true }
        guard !pending.isEmpty else { return false }
        if sentCount > 0, pending[0].arrived + shard.configuration.holdAmount <= now { return true }
        return sentCount < pending.count && pending[sentCount].holdUntil <= now
    }

    /// Answers all that waits. What the last master was given and has not answered is judged as when its connection is
    /// lost: that connection is over, for later answers would come out of order.
    func answerDegraded() {
        guard !isEmpty else { return }
        if !isIdle || sentCount > 0 || !refused.isEmpty {
            disconnect()
            requeue()
        }
        for (command, frame) in takeUnsent() {
            let session = command.session
            guard session.isOpen else { continue }
            if let reply = shard.degradedReply(to: command.spec, frame, of: session) {
                session.receiveShared(reply, commands: 1)
            } else {
                session.close(.holdExpired)
            }
        }
        retireIfDone()
    }
}
