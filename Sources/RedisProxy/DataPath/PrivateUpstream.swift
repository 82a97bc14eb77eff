import DequeModule
import NIOCore
import RESP

/// The upstream connection of one session whose state cannot be shared, and the commands on it.
///
/// Like a lane it outlives connections: what may be sent again is sent again on the next one, an open transaction from
/// its MULTI on. What cannot be carried over (subscriptions, a blocking command that may have run, a transaction whose
/// EXEC was sent) ends with the client's connection, which every client notices.
final class PrivateUpstream {
    enum State {
        /// Waits for a master, or for the next attempt.
        case waiting
        case connecting(UpstreamConnection)
        case ready(UpstreamConnection)
    }

    /// Commands longer than this are not kept, so they cannot be sent again.
    static let keptFrameLimit = 1 << 20

    unowned let session: Session
    var shard: Shard { session.shard }
    var state = State.waiting
    /// The commands of the open transaction, answered or not, then all others that are not answered.
    var log = Deque<Expectation>()
    /// The first command in `log` whose answer is awaited.
    var nextAnswer = 0
    /// The first command in `log` that was not handed to the connection.
    var nextToSend = 0
    var framer = ReplyFramer()
    var inbound = ByteBuffer()
    var holdUntil: NIODeadline?
    var answerDeadline = AnswerDeadline()
    var retryDelay = TimeAmount.zero
    /// The connection is closed rather than used again: an exclusive command may have left anything behind.
    var isSpoilt = false
    var isStreaming = false
    /// Databases that were asked for, answered or not.
    var selected: Set<Int> = []
    /// Commands without an answer were sent, and none with one since: whether they ran yet is not known, so the
    /// session's next command must follow on this connection.
    var hasUnconfirmed = false
    var inRecovery = false
    /// A durable write's answer that waits for WAIT's.
    var withheld: WithheldReply?
    /// A lane will hand over its connection.
    var awaitsAdoption = false

    init(session: Session) {
        self.session = session
    }

    var outstanding: Int { log.count - nextAnswer }
    /// Commands that the server was given, does not wait with, and has not answered.
    var inFlight: Int { isBlocked ? 0 : nextToSend - nextAnswer + (isStreaming ? 1 : 0) }
    /// True when the server has taken all that was given to it, or nothing can be given yet.
    var takesMore: Bool { if case .ready(let upstream) = state { upstream.isDrained } else { false } }
    var isReady: Bool { if case .ready = state { true } else { false } }

    // MARK: Getting a connection

    func start() {
        if let master = shard.master, let upstream = shard.idlePrivate.take(session.state.upstreamKey, to: master) {
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

    func connect() {
        guard case .waiting = state, !awaitsAdoption else { return }
        beginHold()
        guard let master = shard.master else { return }
        state = .connecting(
            UpstreamConnection.connect(
                to: master, key: session.state.upstreamKey, on: shard.eventLoop,
                timeout: shard.configuration.connectTimeoutAmount, tls: shard.serverTLS, owner: self))
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
            session.resume()
        }
    }

    func beginHold() {
        if holdUntil == nil { holdUntil = shard.now + shard.configuration.holdAmount }
        shard.scheduleHoldCheck()
    }

    /// The server was given a blocking command and has not answered it.
    var isBlocked: Bool { nextAnswer < nextToSend && log[nextAnswer].spec.handling == .blocking }

    /// The server was given commands and has not answered: when the oldest of them arrived.
    private var oldestInFlight: NIODeadline? {
        inFlight > 0 && nextAnswer < log.count ? log[nextAnswer].arrived : nil
    }

    func doubtMaster() {
        answerDeadline.beginDoubt(at: shard.now, hold: shard.configuration.holdAmount, oldest: oldestInFlight)
    }

    /// Until when commands may wait: for a connection, for the doubt about the master to end, or for the answers of a
    /// master that was in doubt. Nil when none does.
    var deadline: NIODeadline? {
        let held = !isReady || nextToSend < log.count ? holdUntil : nil
        guard let due = answerDeadline.due(oldest: oldestInFlight) else { return held }
        return held.map { min($0, due) } ?? due
    }

    /// Ends a wait that took too long.
    func expire(_ now: NIODeadline) {
        guard let deadline, deadline <= now else { return }
        if shard.degrades { return shard.enterDegraded() }
        if shard.master != nil, inFlight > 0, case .ready(let upstream) = state { return lose(upstream) }
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
        if shard.degraded.isOn { return answerDegraded() }
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
        var piece = piece
        if isLast {
            isStreaming = false
            if let last = log.last, last.isDurable, !last.isQueued { appendWait(to: &piece) }
        }
        if case .ready(let upstream) = state { write(piece, on: upstream) }
    }

    func write(_ buffer: ByteBuffer, on upstream: UpstreamConnection) {
        shard.metrics.addUpstreamBytes(out: buffer.readableBytes)
        upstream.writeAndFlush(buffer)
    }

    /// The bytes to send for a command: an EXEC whose watch was lost becomes a DISCARD.
    func prepared(_ index: Int, _ frame: ByteBuffer) -> ByteBuffer {
        guard case .exec = log[index].meaning, session.state.watchLost else { return frame }
        log[index].meaning = .discardForLostWatch
        var discard = ByteBuffer()
        discard.writeCommand("DISCARD")
        return discard
    }

    /// Sends all that waits, in one write: writing calls back into the session, which must find everything sent.
    func sendWaiting(on upstream: UpstreamConnection) {
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
            if mustWaitForMajority(log[index]) {
                beginHold()
                break
            }
            guard let frame = log[index].frame ?? log[index].unkept else { return session.close(.unknownOutcome) }
            log[index].unkept = nil
            let ready = prepared(index, frame)
            if bytes.readableBytes == 0 { bytes = ready } else { bytes.writeImmutableBuffer(ready) }
            if case .unanswered = log[index].meaning {
                hasUnconfirmed = true
                log.remove(at: index)
            } else {
                nextToSend += 1
                if log[index].isDurable, !log[index].isQueued { appendWait(to: &bytes) }
            }
        }
        if bytes.readableBytes > 0 { write(bytes, on: upstream) }
    }

    func expectInternalAnswer() {
        log.insert(
            Expectation(spec: shard.commandTable.unknown, meaning: .internalCommand, arrived: shard.now), at: nextToSend
        )
        nextToSend += 1
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
