import DequeModule
import NIOCore

/// Commands that wait, and the end of their patience.
extension Lane {
    /// From now on, what is not sent is held.
    func hold() {
        // A replica's lane gives back instead.
        guard key.replica == nil else { return }
        let until = shard.now + shard.configuration.holdAmount
        var count = 0
        for index in pending.indices.reversed() {
            if index < sentCount || pending[index].isHeld { break }
            pending[index].holdUntil = until
            count += 1
        }
        for index in refused.indices where !refused[index].command.isHeld {
            refused[index].command.holdUntil = until
            count += 1
        }
        if count > 0 {
            shard.metrics.countHeld(count)
            shard.scheduleHoldCheck()
        }
    }

    /// Commands that were refused keep their deadline through all attempts.
    func releaseHold() {
        for index in pending.indices where pending[index].refusal == nil {
            pending[index].holdUntil = PendingCommand.notHeld
        }
    }

    /// Ends the wait of commands whose time is over: the client gets the server's refusal if there is one, since that
    /// is the truth, and a closed connection otherwise. Commands that were sent are judged with their connection, which
    /// is over when it does not answer for so long after its master came into doubt.
    func expireHeld(_ now: NIODeadline) {
        if shard.degrades {
            if isOverdue(now) { shard.enterDegraded() }
            return
        }
        if let answersDue, answersDue <= now { giveUpAnswers(now) }
        guard holds else { return }
        var expired = 0
        var bytes = 0
        for command in pending.dropFirst(sentCount) {
            guard command.holdUntil <= now else { break }
            expired += 1
            bytes += Int(command.length)
        }
        guard expired > 0 else { return }
        let commands = Array(pending[sentCount..<sentCount + expired])
        pending.removeSubrange(sentCount..<sentCount + expired)
        unsent.moveReaderIndex(forwardBy: bytes)
        for command in commands where command.session.isOpen {
            shard.metrics.countHoldTimeout()
            if let refusal = command.refusal, sentCount == 0 {
                command.session.receiveShared(refusal.reply, commands: 1)
            } else {
                command.session.close(.holdExpired)
            }
        }
        shard.flushTouchedSessions()
    }

    /// When what the connection was given before a doubt about the master must be answered.
    var answersDue: NIODeadline? { answerDeadline.due(oldest: oldestInFlight) }

    private var oldestInFlight: NIODeadline? { sentCount > 0 ? pending[0].arrived : nil }

    func doubtMaster() {
        guard key.replica == nil else { return }
        answerDeadline.beginDoubt(at: shard.now, hold: shard.configuration.holdAmount, oldest: oldestInFlight)
    }

    /// A server that is out of reach resets nothing. What could be sent again has waited its time, too, unless there is
    /// a master to send it to.
    private func giveUpAnswers(_ now: NIODeadline) {
        if shard.master == nil {
            for index in 0..<sentCount { pending[index].holdUntil = now }
        }
        loseConnection(suspect: false)
    }

    /// Commands wait for a connection, or for the doubt about the master to end.
    var holds: Bool { (!isReady || shard.master == nil) && pending.count > sentCount || !refused.isEmpty }
}
