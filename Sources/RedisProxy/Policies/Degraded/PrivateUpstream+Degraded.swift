import DequeModule
import NIOCore
import RESP

/// A session's own commands while its event loop answers in the server's stead.
extension PrivateUpstream {
    /// Answers all that waits. An open transaction stays in the log: should a master come before its EXEC, the whole
    /// block is sent there, and nothing was made up.
    func answerDegraded() {
        guard session.isOpen, !isStreaming, outstanding > 0 else { return }
        switch state {
        case .ready(let upstream):
            upstream.close()
            state = .waiting
            recover(refusedFirst: false)
        case .connecting(let upstream):
            upstream.close()
            state = .waiting
        case .waiting: break
        }
        var index = 0
        while session.isOpen, index < log.count {
            if log[index].isMuted {
                index += 1
            } else {
                answerDegraded(at: &index)
            }
        }
        holdUntil = nil
        inRecovery = false
        letGo()
    }

    /// Answers one command, and moves on: past it if it stays in the log, or with it gone.
    private func answerDegraded(at index: inout Int) {
        let expectation = log[index]
        guard let frame = expectation.frame ?? expectation.unkept else { return session.close(.unknownOutcome) }
        let reply = expectation.isQueued ? queue(expectation, at: index) : take(expectation, frame, at: index)
        guard let reply else { return session.close(.holdExpired) }
        session.receivePart(reply)
        if expectation.isQueued {
            log[index].isMuted = true
            index += 1
        } else if expectation.spec.handling == .exec || expectation.spec.handling == .discard {
            log.removeFirst(index + 1)
            index = 0
        } else {
            log.remove(at: index)
        }
    }

    /// The answer to MULTI and to a command behind it, which stays to be run by EXEC.
    private func queue(_ expectation: Expectation, at index: Int) -> ByteBuffer? {
        guard expectation.frame != nil else { return nil }
        if expectation.spec.handling == .multi { return index == 0 ? ByteBuffer(string: "+OK\r\n") : nil }
        guard expectation.spec.handling == .shared, expectation.spec.accepts(argumentCount: expectation.arguments)
        else {
            return nil
        }
        return ByteBuffer(string: "+QUEUED\r\n")
    }

    /// The answer to a command that runs by itself, and what it means for the session.
    private func take(_ expectation: Expectation, _ frame: ByteBuffer, at index: Int) -> ByteBuffer? {
        let ok = ByteBuffer(string: "+OK\r\n")
        switch expectation.meaning {
        case .select(let database):
            guard shard.knows(database) else { return nil }
            session.state.database = database
            return ok
        case .auth(let identity):
            guard identity.isVerified else { return nil }
            session.state.identity = identity
            return ok
        case .hello(let version, let identity, let name):
            guard identity?.isVerified ?? true else { return nil }
            if let identity { session.state.identity = identity }
            if let version { session.state.protocolVersion = version }
            if let name { session.state.clientName = name }
            return shard.degradedAnswers(session.state.protocolVersion).hello(clientID: session.id)
        case .setName(let name):
            session.state.clientName = name
            return ok
        case .exec, .discardForLostWatch:
            return execute(index)
        case .plain where expectation.spec.handling == .discard:
            return index > 0 ? ok : nil
        case .plain where expectation.spec.handling == .unwatch:
            return ok
        case .plain:
            return shard.degradedReply(to: expectation.spec, frame, of: session)
        case .watch, .subscription, .unsubscribeAll, .internalCommand, .replicas, .raw, .unanswered:
            return nil
        }
    }

    /// EXEC: all answers, or none. With a lost watch, that nothing was run; that is true.
    private func execute(_ end: Int) -> ByteBuffer? {
        guard end > 0 else { return nil }
        if session.state.watchLost {
            session.state.watchLost = false
            return session.nullArray
        }
        var replies: [ByteBuffer] = []
        for expectation in log.prefix(end).dropFirst() {
            guard let frame = expectation.frame,
                let reply = shard.degradedReply(to: expectation.spec, frame, of: session)
            else { return nil }
            replies.append(reply)
        }
        return DegradedAnswers.exec(replies)
    }

    /// Ends the session's need for a connection of its own when nothing of its state wants one.
    private func letGo() {
        guard session.isOpen, log.isEmpty, session.state.pins.isEmpty, session.privateUpstream === self else { return }
        session.privateUpstream = nil
        session.forgetLane()
        shard.privateCount -= 1
        session.resume()
    }
}

extension Session {
    /// Ends the wait of commands on this session's own connection. One that has nothing waiting there (a subscriber)
    /// is left alone.
    func answerHeldDegraded() {
        guard isOpen, let privateUpstream else { return }
        if largeFrame != nil {
            // It is gathered whole instead, and then answered like any other.
            largeFrame = nil
            if privateUpstream.outstanding == 0, state.pins.isEmpty { dropPrivateUpstream() }
        }
        if !privateUpstream.isBlocked { privateUpstream.answerDegraded() }
        resume()
    }
}
