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
    var outstanding = 0
    /// Of these, the ones the server refused and that will be sent again.
    var refusedCommands = 0
    var privateUpstream: PrivateUpstream?
    /// Lanes that stopped reading because this client does not take its answers.
    var lanesWaitingForRoom: [Lane] = []

    var context: ChannelHandlerContext?
    var isOpen = true
    var isClosingAfterFlush = false
    var inbound = ByteBuffer()
    var parser = RequestParser(limits: RESPLimits(), streamingThreshold: Shard.streamingThreshold)
    var lane: Lane?
    /// The connection that this session's last write went through, for WAIT.
    var lastWrite: (lane: Lane, connectionNumber: UInt64)?
    /// When the last write was answered, for reads that replicas may answer.
    var lastWriteTime = NIODeadline.distantPast
    /// The lane of a replica that this session's reads went to last; while commands are outstanding, `readsReplica` says
    /// whether they are on it.
    var replicaLane: Lane?
    var readsReplica = false
    var needsFlush = false
    var isProcessing = false
    /// A command at the front of `inbound` that waits for the barrier.
    var waiting: (frame: RequestFrame, spec: CommandSpec)?
    /// The client has said all it will say (it closed its side) and waits for the answers.
    var isHalfClosed = false
    /// A long command whose beginning was sent and whose rest is passed on as it comes.
    var isStreaming = false
    /// A long command that waits for its private connection; the parser announces each only once.
    var largeFrame: (RequestFrame, CommandSpec)?
    /// The client broke the protocol: it is told so behind the answers it is still due, and closed.
    var violation: RESPError?
    var readWanted = false
    /// Rises with each large piece of an answer that the client has taken: what "no progress" is measured by.
    var progress = 0

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

    var mayRead: Bool {
        let hasRoom =
            inbound.readableBytes < Shard.streamingThreshold * 2
            || parser.isInsideFrame && !isStreaming && largeFrame == nil
        return hasRoom && waiting == nil && violation == nil && isWritable && outstanding < Shard.outstandingLimit
            && !shard.isOverloaded
            && (!isStreaming || privateUpstream.map { $0.takesMore } ?? false)
    }

    func process() {
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

    enum Found {
        case needMore
        case special(RequestFrame, CommandSpec)
        case large(RequestFrame, CommandSpec)
        case inline(Int)
        case limit
    }

    /// Takes one run of shared commands, or one of another kind; false when nothing more can be done now.
    func step() throws -> Bool {
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
            guard spec.handling.isStreamable, !shard.degraded.isOn else { return false }
            largeFrame = (frame, spec)
            return true
        }
    }

    /// The hot path: commands that need no state go to the lane as they are.
    @inline(__always)
    func takeShared(_ bytes: UnsafeRawBufferPointer) throws -> (Int, Found) {
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
            guard spec.handling == .shared, privateUpstream == nil, state.isAuthenticated,
                !shard.durability.isActive || !shard.durability.covers(spec, frame, rest)
            else {
                return (offset, .special(frame, spec))
            }
            var replica: Lane?
            if shard.replicaReads.isActive {
                switch route(spec, frame, rest) {
                case .master: break
                case .replica(let lane): replica = lane
                case .wait: return (offset, .special(frame, spec))
                }
            }
            send(UnsafeRawBufferPointer(rebasing: rest[..<frame.length]), frame, spec, to: replica ?? currentLane())
            offset += frame.length
            if outstanding >= Shard.outstandingLimit { return (offset, .limit) }
        }
    }

    @inline(__always)
    func send(_ bytes: UnsafeRawBufferPointer, _ frame: RequestFrame, _ spec: CommandSpec, to lane: Lane) {
        let shard = self.shard
        if shard.cacheGuard != nil { shard.noteWrite(spec, frame, bytes, database: state.database) }
        outstanding += 1
        lane.append(
            bytes,
            PendingCommand(
                session: self, spec: spec, length: bytes.count, argumentCount: frame.argumentCount,
                arrived: shard.now, isIdempotent: shard.idempotentKeys.cover(spec, frame, bytes)))
    }

    @inline(__always)
    func currentLane() -> Lane {
        if let lane, !lane.isRetired || outstanding > 0 { return lane }
        let found = shard.lane(for: state.upstreamKey)
        lane = found
        return found
    }

    func rewriteInline(_ length: Int) throws {
        guard let line = inbound.readSlice(length: length) else { return }
        var rewritten = try InlineCommand.multibulk(line.readableBytesView, allocator: shard.allocator)
        rewritten.writeBuffer(&inbound)
        inbound = rewritten
    }

    /// Whether a command that waits at the barrier may go now. On a private connection order is kept by the
    /// connection itself, except for what the sidecar answers.
    func isBarrierFree(for spec: CommandSpec) -> Bool {
        if outstanding > 0 { return false }
        guard let privateUpstream else { return true }
        return !(isAnsweredHere(spec) && privateUpstream.outstanding > 0)
    }

    func isAnsweredHere(_ spec: CommandSpec) -> Bool {
        if !state.isAuthenticated { return true }
        if state.isInTransaction { return spec.handling == .reset || spec.handling == .quit }
        switch spec.handling {
        case .reset, .quit, .refused: return true
        case .clientGetName, .clientID: return state.pins.isDisjoint(with: .asksConnection)
        default: return false
        }
    }

    func handleSpecial(_ frame: RequestFrame, _ spec: CommandSpec) {
        guard let bytes = inbound.readSlice(length: frame.length) else { return }
        inbound.releaseIfEmpty()
        perform(spec, bytes, frame)
    }

    /// Sends a command down the shared lane although it is of a special kind: the server's answer, mostly an error,
    /// is all there is to it.
    func sendShared(_ bytes: ByteBuffer, _ frame: RequestFrame, _ spec: CommandSpec) {
        readsReplica = false
        let lane = currentLane()
        bytes.withUnsafeReadableBytes { send($0, frame, spec, to: lane) }
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

    func masterChanged() {
        guard let privateUpstream else { return }
        privateUpstream.masterChanged()
        // A long durable write may have waited for a majority.
        if largeFrame != nil { resume() }
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
    func finishHalfClosed() {
        guard isOpen else { return }
        let isWaitingLong = shard.master == nil && !shard.degraded.isOn || privateUpstream?.isBlocked ?? false
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
