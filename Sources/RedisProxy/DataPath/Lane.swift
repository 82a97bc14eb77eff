import DequeModule
import Logging
import NIOCore
import RESP
import RedisClient

/// One upstream connection that stateless commands of many sessions share, and the queue of these commands.
///
/// The queue outlives connections: commands wait in it while there is no master, and what may be sent again after a
/// loss stays in it. Answers match commands first in, first out. Confined to the shard's event loop.
final class Lane {
    enum State {
        /// No connection, and none is wanted or possible.
        case idle
        case connecting(UpstreamConnection)
        case ready(UpstreamConnection)
        /// Connected, but nothing more is sent: the master changes, or refused a command. What was sent is awaited.
        case settling(UpstreamConnection, then: Settled)
    }

    /// What follows when all that was sent is answered.
    enum Settled {
        case reconnect
        case sendAgainLater
    }

    let shard: Shard
    let key: UpstreamKey
    private(set) var state = State.idle
    /// A retired lane takes no commands of sessions that are not on it already.
    private(set) var isRetired = false
    /// Counts connections: a session that asks WAIT must still be on the one its writes went through.
    private(set) var connectionNumber: UInt64 = 0
    private(set) var lastUsed = NIODeadline.now()

    /// Sent and not sent, in order. The first `sentCount` were handed to the connection.
    private var pending = Deque<PendingCommand>()
    private var sentCount = 0
    private var sent = Deque<SentBatch>()
    /// Frames of the commands that were not sent yet.
    private var unsent = ByteBuffer()
    /// Commands that the server refused for now, with their frames, ahead of `pending`.
    private var refused: [(command: PendingCommand, frame: ByteBuffer)] = []
    private var isDirty = false
    private var framer = ReplyFramer()
    private var inbound = ByteBuffer()
    private var spare: ByteBuffer?
    /// The session that does not take its answers, and for whom reading stopped.
    private var stalledBy: Session?
    private var reconnectDelay = TimeAmount.milliseconds(0)
    private var generation = 0
    /// A connection was lost, refused or given up since the last one was ready.
    private var wasInterrupted = false
    /// The private connection that takes over this lane's.
    private var heir: PrivateUpstream?

    init(shard: Shard, key: UpstreamKey) {
        self.shard = shard
        self.key = key
    }

    var isEmpty: Bool { pending.isEmpty && refused.isEmpty }
    var isReady: Bool { if case .ready = state { true } else { false } }
    var isIdle: Bool { if case .idle = state { true } else { false } }
    var pendingCount: Int { pending.count + refused.count }
    /// Bytes of commands that wait to be sent.
    var unsentBytes: Int { unsent.readableBytes }

    // MARK: Taking commands

    /// Appends a command. The bytes are copied: the caller's buffer is free afterwards.
    @inline(__always)
    func append(_ frame: UnsafeRawBufferPointer, _ command: PendingCommand) {
        unsent.writeBytes(frame)
        pending.append(command)
        if !isDirty {
            isDirty = true
            shard.markDirty(self)
        }
    }

    /// Sends what has gathered in this turn of the event loop, if it can be sent.
    func flush() {
        isDirty = false
        lastUsed = shard.now
        switch state {
        case .ready(let upstream):
            // While there is doubt about the master, nothing more is given to it: what it has not got can be sent to
            // the next one without asking whether it ran.
            if shard.master == nil {
                hold()
            } else if upstream.isDrained {
                send(on: upstream)
            }
        case .idle:
            hold()
            connect()
        case .connecting, .settling:
            hold()
        }
    }

    private func send(on upstream: UpstreamConnection) {
        guard unsent.readableBytes > 0 else { return }
        let count = pending.count - sentCount
        let buffer = unsent
        if let spare {
            unsent = spare
            self.spare = nil
        } else {
            unsent = shard.allocator.buffer(capacity: 4096)
        }
        sent.append(SentBatch(frames: buffer, commands: count))
        sentCount = pending.count
        shard.metrics.addUpstreamBytes(out: buffer.readableBytes)
        upstream.writeAndFlush(buffer)
    }

    // MARK: Answers

    fileprivate func read(_ buffer: ByteBuffer) {
        let epoch = generation
        var buffer = buffer
        do {
            if inbound.readableBytes > 0 { try finishSplitReply(&buffer) }
            guard generation == epoch else { return }
            if buffer.readableBytes > 0 {
                let consumed = try takeReplies(buffer)
                // The connection may have been given up over one of the replies; the rest is nobody's then.
                guard generation == epoch else { return }
                buffer.moveReaderIndex(forwardBy: consumed)
                inbound = buffer.readableBytes > 0 ? buffer : ByteBuffer()
            }
            try streamUnfinishedReply()
        } catch {
            shard.logger.error(
                "redis broke the protocol", metadata: ["endpoint": "\(endpointText)", "error": "\(error)"])
            loseConnection(suspect: true)
        }
    }

    /// Completes the reply that the last read ended in with just enough of the next one, so that the bulk of what was
    /// read stays where it is. What `buffer` is left with begins with a reply, or is nothing.
    private func finishSplitReply(_ buffer: inout ByteBuffer) throws {
        let before = inbound.readableBytes
        let needed = max(framer.knownRemainingBytes, 64)
        if needed < buffer.readableBytes, let head = buffer.getSlice(at: buffer.readerIndex, length: needed) {
            var joined = shard.allocator.buffer(capacity: before + needed)
            joined.writeImmutableBuffer(inbound)
            joined.writeImmutableBuffer(head)
            let consumed = try takeReplies(joined)
            if consumed >= before {
                inbound = ByteBuffer()
                buffer.moveReaderIndex(forwardBy: consumed - before)
                return
            }
        }
        inbound.join(buffer, shard.allocator)
        buffer = inbound
        inbound = ByteBuffer()
    }

    /// Replies to one session that follow each other, which go out as one piece.
    private struct Run {
        var session: Session?
        var start = 0
        var end = 0
        var commands = 0
    }

    /// Gives every whole reply in `buffer` to its client; returns the bytes they take.
    private func takeReplies(_ buffer: ByteBuffer) throws -> Int {
        let now = shard.readClock()
        let base = buffer.readerIndex
        return try buffer.withUnsafeReadableBytes { bytes in
            var run = Run()
            var offset = 0
            while offset < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
                guard case .reply(let length) = try framer.next(rest) else { break }
                let reply = UnsafeRawBufferPointer(rebasing: rest[..<length])
                guard sentCount > 0 else {
                    // Out-of-band data nobody asked for is dropped; a server that answers unasked is not to be trusted.
                    guard reply[0] == UInt8(ascii: ">") else { throw RESPError.invalidLength }
                    offset += length
                    continue
                }
                let command = pending.removeFirst()
                sentCount -= 1
                let session = command.session
                let transient = TransientError.recognise(reply)
                if !command.partlyAnswered, transient != nil || session.refusedCommands > 0 {
                    deliver(&run, buffer)
                    let copy = buffer.getSlice(at: base + offset, length: length) ?? ByteBuffer()
                    offset += length
                    answerDuringRefusal(copy, transient, command)
                    continue
                }
                dropAnsweredFrame(Int(command.length))
                shard.metrics.record(
                    command.spec, (now - command.arrived).nanoseconds, arguments: Int(command.argumentCount),
                    requestBytes: Int(command.length), replyBytes: length, at: now)
                if command.spec.effect != .read { session.noteWrite(on: self, connectionNumber) }
                if run.session !== session {
                    deliver(&run, buffer)
                    run = Run(session: session, start: base + offset, end: base + offset)
                }
                offset += length
                run.end = base + offset
                run.commands += 1
            }
            deliver(&run, buffer)
            return offset
        }
    }

    @inline(__always)
    private func deliver(_ run: inout Run, _ buffer: ByteBuffer) {
        guard let session = run.session, let replies = buffer.getSlice(at: run.start, length: run.end - run.start)
        else { return }
        run.session = nil
        session.receiveShared(replies, commands: run.commands)
        if !session.isWritable { stall(by: session) }
    }

    @inline(__always)
    private func dropAnsweredFrame(_ length: Int) {
        sent[0].commands -= 1
        if sent[0].commands == 0 {
            var frames = sent.removeFirst().frames
            if spare == nil, frames.capacity <= 65536 {
                frames.clear()
                spare = frames
            }
        } else {
            sent[0].frames.moveReaderIndex(forwardBy: length)
        }
    }

    private func takeAnsweredFrame(_ length: Int) -> ByteBuffer {
        let frame = sent[0].frames.readSlice(length: length) ?? ByteBuffer()
        sent[0].commands -= 1
        if sent[0].commands == 0 { sent.removeFirst() }
        return frame
    }

    /// A reply that is still arriving and already long goes on to its client piece by piece.
    private func streamUnfinishedReply() throws {
        let ready = framer.scannedBytes
        guard ready >= Shard.streamingThreshold, sentCount > 0, let piece = inbound.readSlice(length: ready) else {
            return
        }
        framer.discard(ready)
        let session = pending[0].session
        pending[0].partlyAnswered = true
        // Behind a refused command of the same client this answer would come out of order.
        if session.refusedCommands > 0 { session.close(.unknownOutcome) }
        session.receivePart(piece)
        if !session.isWritable { stall(by: session) }
    }

    fileprivate func readComplete() {
        shard.flushTouchedSessions()
        if case .settling = state { settleIfAnswered() }
        retireIfDone()
    }

    // MARK: Slow readers

    /// Stops reading for one client that does not take its answers, and lets the others go to a new lane.
    private func stall(by session: Session) {
        session.flushIfNeeded()
        guard !session.isWritable, stalledBy == nil, case .ready(let upstream) = state else { return }
        stalledBy = session
        session.lanesWaitingForRoom.append(self)
        upstream.pauseReading()
        retire()
        shard.watchStall(of: session, on: self)
    }

    /// The slow client took its answers, or is gone.
    func resumeAfterStall() {
        stalledBy = nil
        switch state {
        case .ready(let upstream), .settling(let upstream, _): upstream.resumeReading()
        case .idle, .connecting: break
        }
    }

    /// Whether sessions other than the slow one wait for answers that come behind its.
    func delaysOthers(than session: Session) -> Bool {
        pending.prefix(sentCount).contains { $0.session !== session && $0.session.isOpen }
    }

    func retire() {
        guard !isRetired else { return }
        isRetired = true
        shard.forget(self)
    }

    private func retireIfDone() {
        guard isRetired, isEmpty, unsent.readableBytes == 0 else { return }
        if let heir, case .ready(let upstream) = state {
            self.heir = nil
            state = .idle
            heir.adopt(upstream)
        } else {
            disconnect()
        }
    }

    /// Hands the connection to one session once all others have their answers.
    func surrender(to heir: PrivateUpstream) {
        self.heir = heir
        retire()
        retireIfDone()
    }

    // MARK: Refusals (READONLY, LOADING, …)

    private func answerDuringRefusal(_ reply: ByteBuffer, _ transient: TransientError?, _ command: PendingCommand) {
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

    private func settle(then next: Settled) {
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

    private func settleIfAnswered() {
        guard case .settling(let upstream, let next) = state, sentCount == 0 else { return }
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
            shard.after(Shard.refusalPause) { [weak self] in
                guard let self, self.generation == expected, case .settling(let upstream, _) = self.state else {
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
        guard case .idle = state, !isEmpty else { return }
        guard let master = shard.master else { return shard.scheduleHoldCheck() }
        state = .connecting(
            UpstreamConnection.connect(
                to: master, key: key, name: "breakwater-proxy", on: shard.eventLoop,
                timeout: shard.configuration.connectTimeoutAmount,
                owner: self))
    }

    /// The master is in doubt (nil) or known (again).
    func masterChanged(to endpoint: RedisEndpoint?) {
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
    private func moveAway(from upstream: UpstreamConnection) {
        state = .settling(upstream, then: .reconnect)
        hold()
        if sentCount == 0 { return settleIfAnswered() }
        generation += 1
        let expected = generation
        shard.after(Shard.farewell) { [weak self] in
            guard let self, self.generation == expected, case .settling = self.state else { return }
            self.loseConnection(suspect: false)
        }
    }

    /// Lets go of the connection without judging what was sent; the caller has dealt with that.
    private func disconnect() {
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
    }

    /// The connection is lost: decides for each command what becomes of it, and connects anew.
    private func loseConnection(suspect: Bool) {
        let endpoint = upstreamEndpoint
        disconnect()
        shard.metrics.countReconnect()
        requeue()
        if suspect, let endpoint { shard.suspect(endpoint) }
        connect()
    }

    /// Puts all that is not answered back into one queue of commands to send, without those of unknown outcome and
    /// those whose client is gone.
    private func requeue() {
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
        pending = queue
        unsent = frames
        sentCount = 0
        hold()
    }

    private func keep(
        _ command: PendingCommand, _ frame: ByteBuffer, handedOver: Bool, _ queue: inout Deque<PendingCommand>,
        _ frames: inout ByteBuffer
    ) {
        // Nobody waits for it, and nothing says that it should still happen.
        if command.session.isHalfClosed { command.session.close(.clientGone) }
        guard command.session.isOpen else { return }
        let decision = InFlightDecision.decide(
            .init(
                handedOver: handedOver, partlyAnswered: command.partlyAnswered,
                refusedByServer: command.refusal != nil, rule: command.spec.inFlight,
                isIdempotent: command.isIdempotent))
        switch decision {
        case .resend:
            if handedOver { shard.metrics.countReplay(command.spec) }
            var command = command
            // A refusal of an earlier server says nothing about the next attempt.
            if handedOver { command.refusal = nil }
            queue.append(command)
            frames.writeImmutableBuffer(frame)
        case .unknownOutcome:
            command.session.close(.unknownOutcome)
        }
    }

    // MARK: Holding

    /// From now on, what is not sent is held.
    private func hold() {
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
    private func releaseHold() {
        for index in pending.indices where pending[index].refusal == nil {
            pending[index].holdUntil = PendingCommand.notHeld
        }
    }

    /// Ends the wait of commands whose time is over: the client gets the server's refusal if there is one, since that
    /// is the truth, and a closed connection otherwise. Commands that were sent are judged with their connection.
    func expireHeld(_ now: NIODeadline) {
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

    /// Commands wait for a connection, or for the doubt about the master to end.
    var holds: Bool { (!isReady || shard.master == nil) && pending.count > sentCount || !refused.isEmpty }

    func close() {
        disconnect()
    }

    private var upstreamEndpoint: RedisEndpoint? {
        switch state {
        case .connecting(let upstream), .ready(let upstream), .settling(let upstream, _): upstream.endpoint
        case .idle: nil
        }
    }

    private var endpointText: String { upstreamEndpoint?.description ?? "none" }
}

extension Lane: UpstreamOwner {
    func upstreamReady(_ upstream: UpstreamConnection) {
        state = .ready(upstream)
        connectionNumber += 1
        reconnectDelay = .zero
        shard.knownDatabases.insert(key.database)
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
        shard.after(reconnectDelay) { [weak self] in
            guard let self, self.generation == expected else { return }
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
