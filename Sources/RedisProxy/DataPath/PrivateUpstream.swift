import DequeModule
import NIOCore
import RESP

/// The upstream connection of one session whose state cannot be shared, and the commands on it.
///
/// Like a lane it outlives connections: what may be sent again is sent again on the next one, an open transaction from
/// its MULTI on. What cannot be carried over (subscriptions, a blocking command that may have run, a transaction whose
/// EXEC was sent) ends with the client's connection, which every client notices.
final class PrivateUpstream {
    private enum State {
        /// Waits for a master, or for the next attempt.
        case waiting
        case connecting(UpstreamConnection)
        case ready(UpstreamConnection)
    }

    /// Commands longer than this are not kept, so they cannot be sent again.
    static let keptFrameLimit = 1 << 20

    private unowned let session: Session
    private var shard: Shard { session.shard }
    private var state = State.waiting
    /// The commands of the open transaction, answered or not, then all others that are not answered.
    private var log = Deque<Expectation>()
    /// The first command in `log` whose answer is awaited.
    private var nextAnswer = 0
    /// The first command in `log` that was not handed to the connection.
    private var nextToSend = 0
    private var framer = ReplyFramer()
    private var inbound = ByteBuffer()
    private(set) var holdUntil: NIODeadline?
    private var retryDelay = TimeAmount.zero
    /// The connection is closed rather than used again: an exclusive command may have left anything behind.
    private var isSpoilt = false
    private var isStreaming = false
    /// Commands without an answer were sent, and none with one since: whether they ran yet is not known, so the
    /// session's next command must follow on this connection.
    private var hasUnconfirmed = false
    private var inRecovery = false
    /// A lane will hand over its connection.
    var awaitsAdoption = false

    init(session: Session) {
        self.session = session
    }

    var outstanding: Int { log.count - nextAnswer }
    /// True when the server has taken all that was given to it, or nothing can be given yet.
    var takesMore: Bool { if case .ready(let upstream) = state { upstream.isDrained } else { false } }
    var isReady: Bool { if case .ready = state { true } else { false } }

    // MARK: Getting a connection

    func start() {
        if let upstream = shard.takeIdlePrivate(session.state.upstreamKey) {
            upstream.owner = self
            state = .ready(upstream)
        } else {
            connect()
        }
    }

    /// Takes over a lane's connection; nil when it was lost before that.
    func adopt(_ upstream: UpstreamConnection?) {
        awaitsAdoption = false
        guard session.isOpen, session.privateUpstream === self else {
            upstream?.close()
            return
        }
        guard let upstream else { return session.close(.unknownOutcome) }
        upstream.owner = self
        state = .ready(upstream)
        becomeReady(upstream)
    }

    private func connect() {
        guard case .waiting = state, !awaitsAdoption else { return }
        beginHold()
        guard let master = shard.master else { return }
        state = .connecting(
            UpstreamConnection.connect(
                to: master, key: session.state.upstreamKey, on: shard.eventLoop,
                timeout: shard.configuration.connectTimeoutAmount, owner: self))
    }

    func masterChanged() {
        guard let master = shard.master else { return }
        switch state {
        case .waiting: connect()
        case .connecting(let upstream):
            guard upstream.endpoint != master else { return }
            upstream.close()
            state = .waiting
            connect()
        case .ready(let upstream):
            if upstream.endpoint != master { return lose(upstream) }
            if !inRecovery { holdUntil = nil }
            sendWaiting(on: upstream)
        }
    }

    private func beginHold() {
        if holdUntil == nil { holdUntil = shard.now + shard.configuration.holdAmount }
        shard.scheduleHoldCheck()
    }

    /// The server was given a blocking command and has not answered it.
    var isBlocked: Bool { nextAnswer < nextToSend && log[nextAnswer].spec.handling == .blocking }

    /// Commands wait for a connection, or for the doubt about the master to end.
    var holds: Bool { holdUntil != nil && (!isReady || nextToSend < log.count) }

    /// Ends a wait that took too long.
    func expire(_ now: NIODeadline) {
        guard holds, let holdUntil, holdUntil <= now else { return }
        shard.metrics.countHoldTimeout()
        session.close(.holdExpired)
    }

    // MARK: Sending

    func send(_ expectation: Expectation) {
        if expectation.spec.handling == .exclusive { isSpoilt = true }
        var expectation = expectation
        // Once bytes are only passed on, no answer is matched with any command.
        if session.state.pins.contains(.raw) { expectation.meaning = .unanswered }
        log.append(expectation)
        guard case .ready(let upstream) = state else { return }
        if shard.master == nil { beginHold() } else { sendWaiting(on: upstream) }
    }

    /// Begins a command whose value is still arriving. Only on a ready connection.
    func beginStream(_ expectation: Expectation) {
        precondition(nextToSend == log.count, "a long command would overtake others")
        isStreaming = true
        if case .unanswered = expectation.meaning {
            hasUnconfirmed = true
        } else {
            log.append(expectation)
            nextToSend = log.count
        }
    }

    func continueStream(_ piece: ByteBuffer, isLast: Bool) {
        if case .ready(let upstream) = state { write(piece, on: upstream) }
        if isLast { isStreaming = false }
    }

    private func write(_ buffer: ByteBuffer, on upstream: UpstreamConnection) {
        shard.metrics.addUpstreamBytes(out: buffer.readableBytes)
        upstream.writeAndFlush(buffer)
    }

    /// The bytes to send for a command: an EXEC whose watch was lost becomes a DISCARD.
    private func prepared(_ index: Int, _ frame: ByteBuffer) -> ByteBuffer {
        guard case .exec = log[index].meaning, session.state.watchLost else { return frame }
        log[index].meaning = .discardForLostWatch
        var discard = ByteBuffer()
        discard.writeCommand("DISCARD")
        return discard
    }

    /// Sends all that waits, in one write: writing calls back into the session, which must find everything sent.
    private func sendWaiting(on upstream: UpstreamConnection) {
        var bytes = ByteBuffer()
        if upstream.clientName ?? [] != session.state.clientName {
            upstream.clientName = session.state.clientName
            bytes.writeCommand([Array("CLIENT".utf8), Array("SETNAME".utf8), session.state.clientName])
            expectInternalAnswer()
        }
        if upstream.key.database != session.state.database {
            upstream.key.database = session.state.database
            bytes.writeCommand("SELECT", String(session.state.database))
            expectInternalAnswer()
        }
        while nextToSend < log.count {
            let index = nextToSend
            guard let frame = log[index].frame ?? log[index].unkept else { return session.close(.unknownOutcome) }
            log[index].unkept = nil
            let ready = prepared(index, frame)
            if bytes.readableBytes == 0 { bytes = ready } else { bytes.writeImmutableBuffer(ready) }
            if case .unanswered = log[index].meaning {
                hasUnconfirmed = true
                log.remove(at: index)
            } else {
                nextToSend += 1
            }
        }
        if bytes.readableBytes > 0 { write(bytes, on: upstream) }
    }

    private func expectInternalAnswer() {
        log.insert(
            Expectation(spec: shard.commandTable.unknown, meaning: .internalCommand, arrived: shard.now), at: nextToSend
        )
        nextToSend += 1
    }

    // MARK: Answers

    private func read(_ upstream: UpstreamConnection, _ buffer: ByteBuffer) throws {
        inbound.join(buffer, shard.allocator)
        defer { inbound.releaseIfEmpty() }
        while inbound.readableBytes > 0, session.isOpen {
            if session.state.pins.contains(.raw), nextAnswer == log.count {
                session.receivePart(inbound)
                inbound = ByteBuffer()
                return
            }
            guard let length = try nextLength() else {
                try streamUnfinishedAnswer()
                return
            }
            if try takeNotice(length) { continue }
            guard nextAnswer < nextToSend, let reply = inbound.readSlice(length: length) else {
                throw RESPError.invalidLength
            }
            try answer(reply, upstream)
            guard case .ready(let current) = state, current === upstream else { return }
        }
    }

    private func nextLength() throws -> Int? {
        try inbound.withUnsafeReadableBytes { bytes in
            if case .reply(let length) = try framer.next(bytes) { length } else { nil }
        }
    }

    private func streamUnfinishedAnswer() throws {
        let ready = framer.scannedBytes
        guard ready >= Shard.streamingThreshold, nextAnswer < nextToSend, let piece = inbound.readSlice(length: ready)
        else { return }
        framer.discard(ready)
        log[nextAnswer].partlyAnswered = true
        if !log[nextAnswer].isMuted { session.receivePart(piece) }
    }

    /// Handles what the server sends on its own accord or as a confirmation of a subscription.
    private func takeNotice(_ length: Int) throws -> Bool {
        let type = inbound.getInteger(at: inbound.readerIndex, as: UInt8.self)
        let isPush = type == UInt8(ascii: ">")
        guard isPush || (type == ASCII.asterisk && session.state.pins.contains(.subscription)) else { return false }
        guard var copy = inbound.getSlice(at: inbound.readerIndex, length: length) else { return false }
        var decoder = RESPValueDecoder()
        guard let elements = try decoder.decode(&copy)?.elements, let word = elements.first?.string,
            let notice = Subscriptions.Notice(word)
        else {
            guard isPush, let push = inbound.readSlice(length: length) else { return false }
            session.receivePart(push)
            return true
        }
        let name: [UInt8]? = elements.dropFirst().first.flatMap { value in
            if case .bulkString(let bytes) = value { Array(bytes.readableBytesView) } else { nil }
        }
        session.state.subscriptions.note(notice, name: name)
        if let reply = inbound.readSlice(length: length) { session.receivePart(reply) }
        if notice != .message { confirmSubscription() }
        return true
    }

    private func confirmSubscription() {
        guard nextAnswer < nextToSend else { return }
        switch log[nextAnswer].meaning {
        case .subscription(let remaining) where remaining > 1:
            log[nextAnswer].meaning = .subscription(remaining: remaining - 1)
        case .subscription:
            finishAnswer()
        case .unsubscribeAll(let kind) where session.state.subscriptions.isEmpty(kind):
            finishAnswer()
        default:
            break
        }
    }

    private func answer(_ reply: ByteBuffer, _ upstream: UpstreamConnection) throws {
        let expectation = log[nextAnswer]
        let transient = reply.withUnsafeReadableBytes { TransientError.recognise($0) }
        if let transient, !expectation.partlyAnswered, canRetry(expectation) {
            return refuse(transient, upstream)
        }
        hasUnconfirmed = false
        if inRecovery {
            inRecovery = false
            holdUntil = nil
        }
        let isError = reply.getInteger(at: reply.readerIndex, as: UInt8.self) == ASCII.minus
        let now = shard.readClock()
        shard.metrics.record(
            expectation.spec, (now - expectation.arrived).nanoseconds, arguments: expectation.arguments,
            requestBytes: expectation.frame?.readableBytes ?? 0, replyBytes: reply.readableBytes, at: now)
        switch expectation.meaning {
        case .discardForLostWatch:
            session.state.watchLost = false
            deliver(session.nullArray, expectation)
        case .internalCommand:
            break
        default:
            if isError {
                noteFailure(of: expectation.meaning)
            } else {
                apply(expectation.meaning, upstream)
            }
            deliver(reply, expectation)
        }
        finishAnswer()
    }

    private func deliver(_ reply: ByteBuffer, _ expectation: Expectation) {
        if !expectation.isMuted { session.receivePart(reply) }
    }

    /// What a successful answer means for the session.
    private func apply(_ meaning: Expectation.Meaning, _ upstream: UpstreamConnection) {
        switch meaning {
        case .select(let database):
            session.state.database = database
            shard.knownDatabases.insert(database)
        case .auth(let identity):
            session.state.identity = identity
        case .hello(let version, let identity, let name):
            if let version { session.state.protocolVersion = version }
            if let identity { session.state.identity = identity }
            if let name {
                session.state.clientName = name
                upstream.clientName = name
            }
        case .setName(let name):
            session.state.clientName = name
            upstream.clientName = name
        case .raw:
            session.state.pins.insert([.raw, .lasting])
        case .plain, .exec, .watch, .subscription, .unsubscribeAll, .internalCommand, .discardForLostWatch, .unanswered:
            break
        }
        upstream.key = session.state.upstreamKey
    }

    /// HELLO takes its options one by one: one that fails at SETNAME may have authenticated before.
    private func noteFailure(of meaning: Expectation.Meaning) {
        if case .hello(_, .some, .some) = meaning { session.state.pins.insert(.lasting) }
    }

    private func finishAnswer() {
        nextAnswer += 1
        // The commands of an open transaction stay until it ends: they may have to be sent again.
        let keepsTransaction = session.state.isInTransaction || log.dropFirst(nextAnswer).contains { $0.isQueued }
        if !keepsTransaction || nextAnswer == log.count && !session.state.isInTransaction {
            log.removeFirst(nextAnswer)
            nextToSend -= nextAnswer
            nextAnswer = 0
        }
    }

    fileprivate func readComplete() {
        shard.flushTouchedSessions()
        guard session.isOpen else { return }
        if !session.isWritable, case .ready(let upstream) = state { upstream.pauseReading() }
        session.resume()
        releaseIfDone()
    }

    func resumeReading() {
        if case .ready(let upstream) = state { upstream.resumeReading() }
    }

    /// Gives the connection back when nothing of the session's state is on it any more.
    func releaseIfDone() {
        if session.state.subscriptions.isEmpty, nextAnswer == log.count { session.state.pins.remove(.subscription) }
        guard session.state.pins.isEmpty, nextAnswer == log.count, !isStreaming, !hasUnconfirmed,
            session.privateUpstream === self,
            case .ready(let upstream) = state
        else { return }
        session.privateUpstream = nil
        session.forgetLane()
        shard.privateCount -= 1
        if isSpoilt {
            upstream.close()
        } else {
            shard.releasePrivate(upstream)
        }
        session.resume()
    }

    // MARK: Refusals and losses

    private func canRetry(_ expectation: Expectation) -> Bool {
        // Sending the rest again needs their bytes; a subscriber cannot be moved silently.
        session.state.pins.isDisjoint(with: .immovable) && log.dropFirst(nextAnswer).allSatisfy { $0.frame != nil }
            && (holdUntil.map { $0 > shard.now } ?? true) && expectation.spec.handling != .exclusive
    }

    private func refuse(_ transient: TransientError, _ upstream: UpstreamConnection) {
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

    private func lose(_ upstream: UpstreamConnection) {
        upstream.close()
        state = .waiting
        recover(refusedFirst: false)
        if session.isOpen { connect() }
    }

    /// Decides whether the session can go on on another connection, and prepares what is sent there.
    private func recover(refusedFirst: Bool) {
        framer = ReplyFramer()
        inbound = ByteBuffer()
        guard session.state.pins.isDisjoint(with: .immovable), !isStreaming else { return session.close(.stateLost) }
        if session.state.pins.contains(.watch) { session.state.watchLost = true }
        log.removeAll { if case .internalCommand = $0.meaning { true } else { false } }
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

    func close() {
        switch state {
        case .connecting(let upstream), .ready(let upstream): upstream.close()
        case .waiting: break
        }
        state = .waiting
        holdUntil = nil
    }
}

extension PrivateUpstream: UpstreamOwner {
    func upstreamReady(_ upstream: UpstreamConnection) {
        guard session.isOpen else { return upstream.close() }
        state = .ready(upstream)
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

    private func becomeReady(_ upstream: UpstreamConnection) {
        sendWaiting(on: upstream)
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
