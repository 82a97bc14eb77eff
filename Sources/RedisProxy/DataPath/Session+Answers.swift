import NIOCore
import RESP

/// What goes to the client.
extension Session {
    /// Answers from a lane, to the oldest of this session's commands there.
    @inline(__always)
    func receiveShared(_ replies: ByteBuffer, commands: Int) {
        outstanding -= commands
        write(replies)
    }

    /// A change of this session's was answered on this connection.
    @inline(__always)
    func noteWrite(on lane: Lane, _ connectionNumber: UInt64, _ effect: CommandEffect, at now: NIODeadline) {
        if effect.changesData { noteWriteTime(now) }
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
    func forgetLane() {
        lane = nil
        replicaLane = nil
    }

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

    func progressPromise(_ context: ChannelHandlerContext) -> EventLoopPromise<Void> {
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenSuccess { self.progress &+= 1 }
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

    func continueReading() {
        if readWanted, mayRead {
            readWanted = false
            context?.read()
        }
    }

    /// Answers a protocol violation in Redis' words and closes.
    func breakOff(_ error: RESPError) {
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
}
