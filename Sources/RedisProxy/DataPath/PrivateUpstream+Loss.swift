import DequeModule
import NIOCore
import RESP

/// Whether a session with state of its own can go on on another connection, and what is sent there.
extension PrivateUpstream {
    func canRetry(_ expectation: Expectation) -> Bool {
        // Sending the rest again needs their bytes; a subscriber cannot be moved silently.
        session.state.pins.isDisjoint(with: .immovable)
            && log.dropFirst(nextAnswer).allSatisfy { $0.frame != nil || $0.meaning.isOwn }
            && (holdUntil.map { $0 > shard.now } ?? true) && expectation.spec.handling != .exclusive
    }

    func refuse(_ transient: TransientError, _ upstream: UpstreamConnection) {
        // Everything behind the refused command runs (or is refused) on this connection too; it is over for it.
        // Commands behind it that did run are judged like any whose answer was lost.
        let endpoint = upstream.endpoint
        upstream.close()
        state = .waiting
        beginHold()
        inRecovery = true
        recover(refusedFirst: true)
        if transient == .wrongServer { shard.suspect(endpoint) }
        guard session.isOpen else { return }
        shard.after(Shard.refusalPause) { [weak self] in self?.connect() }
    }

    func lose(_ upstream: UpstreamConnection) {
        upstream.close()
        state = .waiting
        recover(refusedFirst: false)
        if session.isOpen { connect() }
    }

    /// Decides whether the session can go on on another connection, and prepares what is sent there.
    func recover(refusedFirst: Bool) {
        framer = ReplyFramer()
        inbound = ByteBuffer()
        guard session.state.pins.isDisjoint(with: .immovable), !isStreaming else { return session.close(.stateLost) }
        // It ran, and whether replicas have it will never be known.
        guard withheld == nil else { return session.close(.unknownOutcome) }
        if session.state.pins.contains(.watch) { session.state.watchLost = true }
        nextAnswer -= log.prefix(nextAnswer).count { $0.meaning.isOwn }
        nextToSend -= log.prefix(nextToSend).count { $0.meaning.isOwn }
        log.removeAll { $0.meaning.isOwn }
        nextAnswer = min(nextAnswer, log.count)
        for index in nextAnswer..<log.count {
            let expectation = log[index]
            let isTransactional: Bool
            switch expectation.meaning {
            case .exec: isTransactional = index >= nextToSend || (refusedFirst && index == nextAnswer)
            default: isTransactional = expectation.isQueued || expectation.spec.handling.isConnectionState
            }
            let decision = InFlightDecision.decide(
                .init(
                    handedOver: index < nextToSend, partlyAnswered: expectation.partlyAnswered,
                    refusedByServer: refusedFirst && index == nextAnswer,
                    rule: isTransactional ? .resend : expectation.spec.inFlight,
                    isIdempotent: expectation.isIdempotent))
            guard decision == .resend, expectation.frame != nil else { return session.close(.unknownOutcome) }
        }
        for index in 0..<nextAnswer {
            guard log[index].frame != nil else { return session.close(.unknownOutcome) }
            log[index].isMuted = true
        }
        if nextToSend > 0, !log.isEmpty { shard.metrics.countPrivateReplay() }
        nextAnswer = 0
        nextToSend = 0
    }
}

extension PrivateUpstream: UpstreamOwner {
    func upstreamReady(_ upstream: UpstreamConnection) {
        guard session.isOpen else { return upstream.close() }
        state = .ready(upstream)
        answerDeadline = AnswerDeadline()
        retryDelay = .zero
        if !inRecovery { holdUntil = nil }
        becomeReady(upstream)
    }

    func upstreamFailed(_ upstream: UpstreamConnection, _ failure: UpstreamFailure) {
        state = .waiting
        guard session.isOpen else { return }
        if failure.isPermanent { return session.upstreamRefused(failure) }
        shard.suspect(upstream.endpoint)
        retryDelay = min(.milliseconds(50), retryDelay + .milliseconds(5))
        shard.after(retryDelay) { [weak self] in
            guard let self, self.session.isOpen else { return }
            self.connect()
        }
    }

    func upstreamRead(_ upstream: UpstreamConnection, _ buffer: ByteBuffer) {
        do {
            try read(upstream, buffer)
        } catch {
            session.close(.stateLost)
        }
    }

    func upstreamReadComplete(_ upstream: UpstreamConnection) { readComplete() }

    func upstreamDrained(_ upstream: UpstreamConnection) { session.resume() }

    func upstreamLost(_ upstream: UpstreamConnection) {
        state = .waiting
        shard.suspect(upstream.endpoint)
        guard session.isOpen else { return }
        recover(refusedFirst: false)
        if session.isOpen { connect() }
    }

    func becomeReady(_ upstream: UpstreamConnection) {
        // The doubt may have come while the connection was made.
        if shard.master == nil, !log.isEmpty { beginHold() } else { sendWaiting(on: upstream) }
        session.resume()
    }

}

extension CommandHandling {
    /// Commands that change nothing but their own connection: sending them again on another is what a session needs.
    var isConnectionState: Bool {
        switch self {
        case .multi, .discard, .watch, .unwatch, .auth, .select, .hello, .reset, .clientSetName, .clientGetName,
            .clientSetInfo, .clientID:
            true
        default:
            false
        }
    }
}
