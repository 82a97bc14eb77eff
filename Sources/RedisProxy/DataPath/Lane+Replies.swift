import DequeModule
import Logging
import NIOCore
import RESP

/// Replies, given to the clients whose commands they answer, first in, first out; and clients that do not take them.
extension Lane {
    func read(_ buffer: ByteBuffer) {
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
    func finishSplitReply(_ buffer: inout ByteBuffer) throws {
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
    struct Run {
        var session: Session?
        var start = 0
        var end = 0
        var commands = 0
    }

    /// Gives every whole reply in `buffer` to its client; returns the bytes they take.
    func takeReplies(_ buffer: ByteBuffer) throws -> Int {
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
                if command.spec.effect != .read {
                    session.noteWrite(on: self, connectionNumber, command.spec.effect, at: now)
                }
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
    func deliver(_ run: inout Run, _ buffer: ByteBuffer) {
        guard let session = run.session, let replies = buffer.getSlice(at: run.start, length: run.end - run.start)
        else { return }
        run.session = nil
        session.receiveShared(replies, commands: run.commands)
        if !session.isWritable { stall(by: session) }
    }

    @inline(__always)
    func dropAnsweredFrame(_ length: Int) {
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

    func takeAnsweredFrame(_ length: Int) -> ByteBuffer {
        let frame = sent[0].frames.readSlice(length: length) ?? ByteBuffer()
        sent[0].commands -= 1
        if sent[0].commands == 0 { sent.removeFirst() }
        return frame
    }

    /// A reply that is still arriving and already long goes on to its client piece by piece.
    func streamUnfinishedReply() throws {
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

    func readComplete() {
        shard.flushTouchedSessions()
        if case .settling = state { settleIfAnswered() }
        retireIfDone()
    }

    // MARK: Slow readers

    /// Stops reading for one client that does not take its answers, and lets the others go to a new lane.
    func stall(by session: Session) {
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

    func retireIfDone() {
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
}
