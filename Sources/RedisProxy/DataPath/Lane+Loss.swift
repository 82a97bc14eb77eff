import DequeModule
import Logging
import NIOCore
import RESP
import RedisClient

/// What happens when the server refuses commands, is replaced, or is gone: every command is judged, and what may be
/// sent again stays in the queue.
extension Lane {
    func answerDuringRefusal(_ reply: ByteBuffer, _ transient: TransientError?, _ command: PendingCommand) {
        var command = command
        let frame = takeAnsweredFrame(Int(command.length))
        let session = command.session
        guard session.isOpen else { return }
        if let transient {
            command.refusal = Refusal(reply)
            refused.append((command, frame))
            session.refusedCommands += 1
            shard.metrics.countRefusal(reply)
            settle(then: transient == .wrongServer ? .reconnect : .sendAgainLater)
        } else if command.spec.inFlight == .resend {
            // It ran, but behind a command of the same client that did not: its answer would be out of order.
            refused.append((command, frame))
            session.refusedCommands += 1
        } else {
            session.close(.unknownOutcome)
        }
    }

    func settle(then next: Settled) {
        switch state {
        case .ready(let upstream):
            state = .settling(upstream, then: next)
        case .settling(let upstream, then: .sendAgainLater):
            state = .settling(upstream, then: next)
        case .settling, .idle, .connecting:
            break
        }
        hold()
        shard.scheduleHoldCheck()
    }

    func settleIfAnswered() {
        guard case .settling(let upstream, let next) = state, sentCount == 0 else { return }
        if key.replica != nil { return handBack() }
        requeue()
        switch next {
        case .reconnect:
            let endpoint = upstream.endpoint
            disconnect()
            if !isEmpty { shard.suspect(endpoint) }
            connect()
        case .sendAgainLater:
            generation += 1
            let expected = generation
            shard.after(Shard.refusalPause) { [self] in
                guard self.generation == expected, case .settling(let upstream, _) = self.state else {
                    return
                }
                self.state = .ready(upstream)
                self.releaseHold()
                self.flush()
            }
        }
    }

    // MARK: Connection

    func connect() {
        guard case .idle = state, !isEmpty || key.replica != nil else { return }
        guard let server = key.replica ?? shard.master else { return shard.scheduleHoldCheck() }
        state = .connecting(
            UpstreamConnection.connect(
                to: server, key: key, name: "breakwater-proxy",
                asksVersion: shard.configuration.onTimeout == .degrade, on: shard.eventLoop,
                timeout: shard.configuration.connectTimeoutAmount, tls: shard.serverTLS,
                owner: self))
    }

    /// The master is in doubt (nil) or known (again).
    func masterChanged(to endpoint: RedisEndpoint?) {
        if key.replica != nil { return masterOfReplicaChanged() }
        switch state {
        case .idle:
            reconnectDelay = .zero
            connect()
        case .connecting(let upstream):
            if let endpoint, upstream.endpoint != endpoint {
                disconnect()
                connect()
            }
        case .ready(let upstream):
            guard let endpoint else { return }
            if upstream.endpoint != endpoint { return moveAway(from: upstream) }
            releaseHold()
            flush()
        case .settling(let upstream, _):
            if let endpoint, upstream.endpoint != endpoint { moveAway(from: upstream) }
        }
    }

    /// The old master may still answer what it was sent; after a moment the rest is of unknown outcome.
    func moveAway(from upstream: UpstreamConnection) {
        state = .settling(upstream, then: .reconnect)
        hold()
        if sentCount == 0 { return settleIfAnswered() }
        generation += 1
        let expected = generation
        shard.after(Shard.farewell) { [self] in
            guard self.generation == expected, case .settling = self.state else { return }
            self.loseConnection(suspect: false)
        }
    }

    /// Lets go of the connection without judging what was sent; the caller has dealt with that.
    func disconnect() {
        wasInterrupted = true
        generation += 1
        heir?.adopt(nil)
        heir = nil
        switch state {
        case .connecting(let upstream), .ready(let upstream), .settling(let upstream, _): upstream.close()
        case .idle: break
        }
        state = .idle
        framer = ReplyFramer()
        inbound = ByteBuffer()
        stalledBy = nil
        answerDeadline = AnswerDeadline()
    }

    /// The connection is lost: decides for each command what becomes of it, and connects anew.
    func loseConnection(suspect: Bool) {
        if key.replica != nil { return handBack() }
        let endpoint = upstreamEndpoint
        disconnect()
        shard.metrics.countReconnect()
        requeue()
        if suspect, let endpoint { shard.suspect(endpoint) }
        connect()
    }

    /// Puts all that is not answered back into one queue of commands to send, without those of unknown outcome and
    /// those whose client is gone.
    func requeue() {
        var queue = Deque<PendingCommand>()
        var frames = shard.allocator.buffer(capacity: 4096)
        let handedOver = sentCount
        for (command, frame) in refused {
            command.session.refusedCommands -= 1
            keep(command, frame, handedOver: false, &queue, &frames)
        }
        refused = []
        var index = 0
        for var batch in sent {
            for _ in 0..<batch.commands {
                let frame = batch.frames.readSlice(length: Int(pending[index].length)) ?? ByteBuffer()
                keep(pending[index], frame, handedOver: index < handedOver, &queue, &frames)
                index += 1
            }
        }
        sent.removeAll()
        while index < pending.count {
            let frame = unsent.readSlice(length: Int(pending[index].length)) ?? ByteBuffer()
            keep(pending[index], frame, handedOver: false, &queue, &frames)
            index += 1
        }
        requeuedSessions = []
        pending = queue
        unsent = frames
        sentCount = 0
        hold()
    }

    func keep(
        _ command: PendingCommand, _ frame: ByteBuffer, handedOver: Bool, _ queue: inout Deque<PendingCommand>,
        _ frames: inout ByteBuffer
    ) {
        // Nobody waits for it, and nothing says that it should still happen; a read is answered at once by the master.
        if command.session.isHalfClosed, key.replica == nil { command.session.close(.clientGone) }
        guard command.session.isOpen else { return }
        let decision = InFlightDecision.decide(
            .init(
                handedOver: handedOver, partlyAnswered: command.partlyAnswered,
                refusedByServer: command.refusal != nil, rule: command.spec.inFlight,
                isIdempotent: command.isIdempotent,
                isForgivable: handedOver && isForgivable(command)))
        switch decision {
        case .resend:
            if shard.cacheGuard != nil { requeuedSessions.insert(ObjectIdentifier(command.session)) }
            if handedOver { shard.metrics.countReplay(command.spec) }
            var command = command
            // A refusal of an earlier server says nothing about the next attempt.
            if handedOver { command.refusal = nil }
            queue.append(command)
            frames.writeImmutableBuffer(frame)
        case .forgive:
            forgive(command, frame)
        case .unknownOutcome:
            command.session.close(.unknownOutcome)
        }
    }
}

extension Lane: UpstreamOwner {
    func upstreamReady(_ upstream: UpstreamConnection) {
        state = .ready(upstream)
        connectionNumber += 1
        reconnectDelay = .zero
        if key.replica == nil {
            shard.knownDatabases.insert(key.database)
            key.identity.isVerified = true
        }
        if let version = upstream.serverVersion { shard.degraded.serverVersion = version }
        // Clients that left while their commands were held: those commands must not run late.
        if pending.contains(where: { !$0.session.isOpen || wasInterrupted && $0.session.isHalfClosed }) { requeue() }
        wasInterrupted = false
        releaseHold()
        flush()
    }

    func upstreamFailed(_ upstream: UpstreamConnection, _ failure: UpstreamFailure) {
        state = .idle
        shard.logger.debug(
            "no upstream connection", metadata: ["endpoint": "\(upstream.endpoint)", "reason": "\(failure)"])
        if key.replica != nil { return handBack() }
        if failure.isPermanent {
            for command in pending { command.session.close(.upstreamRefused) }
            pending.removeAll()
            unsent.clear()
            return
        }
        wasInterrupted = true
        shard.suspect(upstream.endpoint)
        reconnectDelay = min(.milliseconds(50), reconnectDelay + .milliseconds(5))
        generation += 1
        let expected = generation
        shard.after(reconnectDelay) { [self] in
            guard self.generation == expected else { return }
            self.connect()
        }
    }

    func upstreamRead(_ upstream: UpstreamConnection, _ buffer: ByteBuffer) { read(buffer) }

    func upstreamReadComplete(_ upstream: UpstreamConnection) { readComplete() }

    func upstreamDrained(_ upstream: UpstreamConnection) {
        if case .ready = state { flush() }
        shard.laneDrained(self)
    }

    func upstreamLost(_ upstream: UpstreamConnection) { loseConnection(suspect: true) }
}
