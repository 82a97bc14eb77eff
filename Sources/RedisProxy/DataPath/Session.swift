import Logging
import NIOCore
import RESP
import RedisClient

/// One client's connection: finds its commands, sends them down a shared lane or a private connection, and gives the
/// answers back in order. Confined to the shard's event loop.
///
/// A command that concerns the session itself waits until all earlier ones are answered (a barrier), so that the
/// session's state changes only when nothing of it is under way.
final class Session: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    let shard: Shard
    let id: Int
    var state: SessionState
    /// Commands on a lane that are not answered.
    private var outstanding = 0
    /// Of these, the ones the server refused and that will be sent again.
    var refusedCommands = 0
    var privateUpstream: PrivateUpstream?
    /// Lanes that stopped reading because this client does not take its answers.
    var lanesWaitingForRoom: [Lane] = []

    private var context: ChannelHandlerContext?
    private(set) var isOpen = true
    private var isClosingAfterFlush = false
    private var inbound = ByteBuffer()
    private var parser = RequestParser(limits: RESPLimits(), streamingThreshold: Shard.streamingThreshold)
    private var lane: Lane?
    /// The connection that this session's last write went through, for WAIT.
    private var lastWrite: (lane: Lane, connectionNumber: UInt64)?
    private var needsFlush = false
    private var isProcessing = false
    /// A command at the front of `inbound` that waits for the barrier.
    private var waiting: (frame: RequestFrame, spec: CommandSpec)?
    /// The client has said all it will say (it closed its side) and waits for the answers.
    private(set) var isHalfClosed = false
    /// A long command whose beginning was sent and whose rest is passed on as it comes.
    private var isStreaming = false
    /// A long command that waits for its private connection; the parser announces each only once.
    private var largeFrame: (RequestFrame, CommandSpec)?
    /// The client broke the protocol: it is told so behind the answers it is still due, and closed.
    private var violation: RESPError?
    private var readWanted = false
    /// Rises with each large piece of an answer that the client has taken: what "no progress" is measured by.
    private(set) var progress = 0

    init(shard: Shard, id: Int) {
        self.shard = shard
        self.id = id
        state = SessionState(
            identity: shard.defaultIdentity, isAuthenticated: shard.configuration.clientPassword == nil)
        parser = RequestParser(limits: shard.requestLimits, streamingThreshold: Shard.streamingThreshold)
    }

    /// True while the client takes its answers.
    var isWritable: Bool { !isOpen || (context?.channel.isWritable ?? true) }

    var isBusy: Bool {
        outstanding > 0 || isStreaming || waiting != nil || privateUpstream.map { $0.outstanding > 0 } ?? false
            || !state.pins.isEmpty
    }

    // MARK: Commands

    /// Goes on with what has arrived, as far as it can.
    func resume() {
        guard isOpen, !isProcessing else { return }
        isProcessing = true
        process()
        isProcessing = false
        if isHalfClosed { finishHalfClosed() }
        if mayRead, readWanted {
            readWanted = false
            context?.read()
        }
    }

    private var mayRead: Bool {
        let hasRoom =
            inbound.readableBytes < Shard.streamingThreshold * 2
            || parser.isInsideFrame && !isStreaming && largeFrame == nil
        return hasRoom && waiting == nil && violation == nil && isWritable && outstanding < Shard.outstandingLimit
            && !shard.isOverloaded
            && (!isStreaming || privateUpstream.map { $0.takesMore } ?? false)
    }

    private func process() {
        while isOpen, !isClosingAfterFlush {
            if let violation {
                guard outstanding == 0, privateUpstream.map({ $0.outstanding == 0 }) ?? true else { return }
                return breakOff(violation)
            }
            if let waiting {
                guard isBarrierFree(for: waiting.spec) else { return }
                self.waiting = nil
                handleSpecial(waiting.frame, waiting.spec)
                continue
            }
            if let (frame, spec) = largeFrame {
                guard beginStreaming(frame, spec) else { return }
            }
            if isStreaming {
                guard continueStreaming() else { return }
                continue
            }
            guard inbound.readableBytes > 0, isWritable, outstanding < Shard.outstandingLimit else { return }
            do {
                guard try step() else { return }
            } catch let error as RESPError {
                violation = error
            } catch {
                return close(.protocolError)
            }
        }
    }

    private enum Found {
        case needMore
        case special(RequestFrame, CommandSpec)
        case large(RequestFrame, CommandSpec)
        case inline(Int)
        case limit
    }

    /// Takes one run of shared commands, or one of another kind; false when nothing more can be done now.
    private func step() throws -> Bool {
        let (consumed, found) = try inbound.withUnsafeReadableBytes { bytes in try takeShared(bytes) }
        inbound.moveReaderIndex(forwardBy: consumed)
        switch found {
        case .needMore, .limit:
            if inbound.readableBytes > Shard.gatheringLimit { close(.overloaded) }
            inbound.releaseIfEmpty()
            return false
        case .special(let frame, let spec):
            waiting = (frame, spec)
            return true
        case .inline(let length):
            try rewriteInline(length)
            return true
        case .large(let frame, let spec):
            // A command that concerns the session is needed whole, however long.
            guard spec.handling.isStreamable else { return false }
            largeFrame = (frame, spec)
            return true
        }
    }

    /// The hot path: commands that need no state go to the lane as they are.
    @inline(__always)
    private func takeShared(_ bytes: UnsafeRawBufferPointer) throws -> (Int, Found) {
        var offset = 0
        let shard = self.shard
        let table = shard.commandTable
        while true {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
            let frame: RequestFrame
            switch try parser.next(rest) {
            case .command(let found): frame = found
            case .incomplete: return (offset, .needMore)
            case .nothing(let length):
                offset += length
                continue
            case .inline(let length): return (offset, .inline(length))
            case .large(let frame):
                return (offset, .large(frame, table.resolve(frame, in: rest)))
            }
            let spec = table.resolve(frame, in: rest)
            guard spec.handling == .shared, privateUpstream == nil, state.isAuthenticated else {
                return (offset, .special(frame, spec))
            }
            send(UnsafeRawBufferPointer(rebasing: rest[..<frame.length]), frame, spec)
            offset += frame.length
            if outstanding >= Shard.outstandingLimit { return (offset, .limit) }
        }
    }

    @inline(__always)
    private func send(_ bytes: UnsafeRawBufferPointer, _ frame: RequestFrame, _ spec: CommandSpec) {
        let shard = self.shard
        let lane = currentLane()
        outstanding += 1
        lane.append(
            bytes,
            PendingCommand(
                session: self, spec: spec, length: bytes.count, argumentCount: frame.argumentCount,
                arrived: shard.now, isIdempotent: shard.isIdempotent(spec, frame, bytes)))
    }

    @inline(__always)
    private func currentLane() -> Lane {
        if let lane, !lane.isRetired || outstanding > 0 { return lane }
        let found = shard.lane(for: state.upstreamKey)
        lane = found
        return found
    }

    private func rewriteInline(_ length: Int) throws {
        guard let line = inbound.readSlice(length: length) else { return }
        var rewritten = try InlineCommand.multibulk(line.readableBytesView, allocator: shard.allocator)
        rewritten.writeBuffer(&inbound)
        inbound = rewritten
    }

    /// Whether a command that waits at the barrier may go now. On a private connection order is kept by the
    /// connection itself, except for what the sidecar answers.
    private func isBarrierFree(for spec: CommandSpec) -> Bool {
        if outstanding > 0 { return false }
        guard let privateUpstream else { return true }
        return !(isAnsweredHere(spec) && privateUpstream.outstanding > 0)
    }

    private func isAnsweredHere(_ spec: CommandSpec) -> Bool {
        if !state.isAuthenticated { return true }
        if state.isInTransaction { return spec.handling == .reset || spec.handling == .quit }
        switch spec.handling {
        case .reset, .quit, .refused: return true
        case .clientGetName, .clientID: return state.pins.isDisjoint(with: .asksConnection)
        default: return false
        }
    }

    private func handleSpecial(_ frame: RequestFrame, _ spec: CommandSpec) {
        guard let bytes = inbound.readSlice(length: frame.length) else { return }
        inbound.releaseIfEmpty()
        perform(spec, bytes, frame)
    }

    /// Sends a command down the shared lane although it is of a special kind: the server's answer, mostly an error,
    /// is all there is to it.
    func sendShared(_ bytes: ByteBuffer, _ frame: RequestFrame, _ spec: CommandSpec) {
        bytes.withUnsafeReadableBytes { send($0, frame, spec) }
    }

    // MARK: Long commands

    private func beginStreaming(_ frame: RequestFrame, _ spec: CommandSpec) -> Bool {
        guard state.isAuthenticated else {
            close(.protocolError)
            return false
        }
        guard outstanding == 0 else { return false }
        if privateUpstream == nil { pin() }
        guard let privateUpstream, privateUpstream.isReady else { return false }
        largeFrame = nil
        isStreaming = true
        var streamed = spec
        if state.isInTransaction { streamed.effect = .mutate }
        privateUpstream.beginStream(
            Expectation(
                spec: streamed, meaning: takeSilence() ? .unanswered : .plain, frame: nil, arrived: shard.now,
                isQueued: state.isInTransaction))
        return true
    }

    /// Whether the command that is about to be sent is one that CLIENT REPLY keeps from being answered.
    func takeSilence() -> Bool {
        let isSilent = !state.pins.isDisjoint(with: [.silenced, .skipsNext])
        state.pins.remove(.skipsNext)
        return isSilent
    }

    /// Passes on what has arrived of the long command; false when there is nothing to pass on or no room for it.
    private func continueStreaming() -> Bool {
        guard let privateUpstream, privateUpstream.takesMore else { return false }
        do {
            let outcome = try inbound.withUnsafeReadableBytes { try parser.next($0) }
            if case .command(let frame) = outcome, let piece = inbound.readSlice(length: frame.length) {
                isStreaming = false
                privateUpstream.continueStream(piece, isLast: true)
                return true
            }
            let ready = parser.scannedBytes
            guard ready > 0, let piece = inbound.readSlice(length: ready) else { return false }
            parser.discard(ready)
            inbound.releaseIfEmpty()
            privateUpstream.continueStream(piece, isLast: false)
            return true
        } catch {
            close(.protocolError)
            return false
        }
    }

    // MARK: Answers

    /// Answers from a lane, to the oldest of this session's commands there.
    @inline(__always)
    func receiveShared(_ replies: ByteBuffer, commands: Int) {
        outstanding -= commands
        write(replies)
    }

    /// A change of this session's was answered on this connection.
    @inline(__always)
    func noteWrite(on lane: Lane, _ connectionNumber: UInt64) {
        if lastWrite?.lane !== lane || lastWrite?.connectionNumber != connectionNumber {
            lastWrite = (lane, connectionNumber)
        }
    }

    /// The lane whose connection has seen all of this session's writes.
    enum WriteConnection {
        /// It has not written anything.
        case none
        case lane(Lane)
        case lost
    }

    var writeConnection: WriteConnection {
        guard let lastWrite else { return .none }
        let lane = lastWrite.lane
        // A connection of another protocol or user cannot be made this session's; another database can.
        let isCurrent =
            lane.isReady && lane.connectionNumber == lastWrite.connectionNumber
            && lane.key.identity === state.identity && lane.key.protocolVersion == state.protocolVersion
        return isCurrent ? .lane(lane) : .lost
    }

    /// The next command looks for its lane anew: the session's database, identity or protocol changes.
    func forgetLane() { lane = nil }

    /// Bytes of an answer that is not whole, or of one from the private connection.
    func receivePart(_ bytes: ByteBuffer) {
        write(bytes, reportsProgress: bytes.readableBytes >= Shard.streamingThreshold)
    }

    @inline(__always)
    func write(_ buffer: ByteBuffer, reportsProgress: Bool = false) {
        guard isOpen, let context else { return }
        shard.metrics.addClientBytes(out: buffer.readableBytes)
        context.write(wrapOutboundOut(buffer), promise: reportsProgress ? progressPromise(context) : nil)
        if !needsFlush {
            needsFlush = true
            shard.touch(self)
        }
    }

    private func progressPromise(_ context: ChannelHandlerContext) -> EventLoopPromise<Void> {
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { [weak self] in self?.progress &+= 1 }
        return promise
    }

    func flushIfNeeded() {
        guard needsFlush else { return }
        needsFlush = false
        context?.flush()
        if isHalfClosed || waiting != nil || violation != nil || inbound.readableBytes > 0 || largeFrame != nil {
            resume()
        } else {
            continueReading()
        }
    }

    private func continueReading() {
        if readWanted, mayRead {
            readWanted = false
            context?.read()
        }
    }

    /// Answers a protocol violation in Redis' words and closes.
    private func breakOff(_ error: RESPError) {
        var reply = ByteBuffer()
        reply.writeRESPError(error.clientMessage)
        inbound.clear()
        write(reply)
        shard.metrics.countProtocolError()
        closeAfterFlush()
    }

    func closeAfterFlush() {
        isClosingAfterFlush = true
        needsFlush = false
        context?.flush()
        close(.finished)
    }

    // MARK: End

    func close(_ reason: CloseReason) {
        guard isOpen else { return }
        isOpen = false
        shard.metrics.countClose(reason)
        if reason.isWorthALine {
            shard.logger.debug("closed a client", metadata: ["client": "\(id)", "reason": "\(reason)"])
        }
        privateUpstream?.close()
        if privateUpstream != nil { shard.privateCount -= 1 }
        privateUpstream = nil
        for lane in lanesWaitingForRoom { lane.resumeAfterStall() }
        lanesWaitingForRoom = []
        shard.remove(self)
        context?.close(promise: nil)
    }

    // MARK: Private connection

    /// Gives the session an upstream connection of its own.
    func pin() {
        let upstream = PrivateUpstream(session: self)
        privateUpstream = upstream
        shard.privateCount += 1
        upstream.start()
    }

    /// Makes a lane's connection this session's own; commands wait until the others on it have their answers.
    func adopt(_ lane: Lane) {
        let upstream = PrivateUpstream(session: self)
        privateUpstream = upstream
        shard.privateCount += 1
        upstream.awaitsAdoption = true
        forgetLane()
        lastWrite = nil
        lane.surrender(to: upstream)
    }

    func upstreamRefused(_ failure: UpstreamFailure) {
        shard.logger.debug("upstream refused a session", metadata: ["client": "\(id)", "reason": "\(failure)"])
        close(.upstreamRefused)
    }

    /// The null array of this session's protocol version.
    var nullArray: ByteBuffer { ByteBuffer(string: state.protocolVersion == 3 ? "_\r\n" : "*-1\r\n") }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let buffer = unwrapInboundIn(data)
        shard.metrics.addClientBytes(in: buffer.readableBytes)
        _ = shard.readClock()
        inbound.join(buffer, shard.allocator)
        resume()
    }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { readWanted = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            progress &+= 1
            let lanes = lanesWaitingForRoom
            lanesWaitingForRoom = []
            for lane in lanes { lane.resumeAfterStall() }
            privateUpstream?.resumeReading()
            resume()
        }
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard let event = event as? ChannelEvent, event == .inputClosed else {
            return context.fireUserInboundEventTriggered(event)
        }
        isHalfClosed = true
        resume()
    }

    /// Redis runs what it has read before it notices the end, and answers it. What is held or blocks would come too
    /// late for a client that is more likely gone than patient.
    private func finishHalfClosed() {
        guard isOpen else { return }
        let isWaitingLong = shard.master == nil || privateUpstream?.isBlocked ?? false
        if isWaitingLong || !state.pins.isDisjoint(with: .immovable) { return close(.clientGone) }
        if outstanding == 0, privateUpstream.map({ $0.outstanding == 0 }) ?? true, waiting == nil, violation == nil {
            closeAfterFlush()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        close(.clientGone)
    }

    func channelInactive(context: ChannelHandlerContext) {
        close(.clientGone)
    }
}

/// Why a client's connection was closed.
enum CloseReason: String, CaseIterable, Sendable {
    /// The client closed it, or broke it.
    case clientGone = "client_gone"
    /// QUIT, or after an error that Redis answers by closing.
    case finished
    case protocolError = "protocol_error"
    /// A command may or may not have run: the client must not take it for either.
    case unknownOutcome = "unknown_outcome"
    /// No master was found in time.
    case holdExpired = "hold_expired"
    /// State on the server that cannot be carried to another one: subscriptions, tracking.
    case stateLost = "state_lost"
    /// The server refuses the session's credentials or database.
    case upstreamRefused = "upstream_refused"
    /// It does not take its answers while others wait behind them.
    case slowReader = "slow_reader"
    /// The limits on held commands are reached.
    case overloaded
    case draining

    var isWorthALine: Bool { self != .clientGone && self != .finished }
}
