import DequeModule
import NIOCore
import RESP

/// Answers on a private connection, what each means for its session, and when the connection can be given back.
extension PrivateUpstream {
    func read(_ upstream: UpstreamConnection, _ buffer: ByteBuffer) throws {
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

    func nextLength() throws -> Int? {
        try inbound.withUnsafeReadableBytes { bytes in
            if case .reply(let length) = try framer.next(bytes) { length } else { nil }
        }
    }

    func streamUnfinishedAnswer() throws {
        let ready = framer.scannedBytes
        guard ready >= Shard.streamingThreshold, nextAnswer < nextToSend, let piece = inbound.readSlice(length: ready)
        else { return }
        framer.discard(ready)
        log[nextAnswer].partlyAnswered = true
        // A long answer of a durable write cannot be taken back, and keeping it back has no bound.
        if log[nextAnswer].isDurable, !log[nextAnswer].isQueued { return session.close(.unknownOutcome) }
        if !log[nextAnswer].isMuted { session.receivePart(piece) }
    }

    /// Handles what the server sends on its own accord or as a confirmation of a subscription.
    func takeNotice(_ length: Int) throws -> Bool {
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

    func confirmSubscription() {
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

    func answer(_ reply: ByteBuffer, _ upstream: UpstreamConnection) throws {
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
        if expectation.spec.effect.changesData { session.noteWriteTime(now) }
        let awaitsReplicas =
            expectation.isDurable && !expectation.isQueued && DurabilityRule.needsReplicas(reply)
        // It may have waited for long.
        if expectation.spec.handling == .blocking, let frame = expectation.frame {
            shard.noteWrite(expectation.spec, frame, by: session)
        }
        if !awaitsReplicas { record(expectation, reply, at: now) }
        switch expectation.meaning {
        case .discardForLostWatch:
            session.state.watchLost = false
            deliver(session.nullArray, expectation)
        case .internalCommand:
            break
        case .replicas(let since):
            releaseWithheld(reply, since: since, upstream)
        default:
            if isError {
                noteFailure(of: expectation.meaning)
            } else {
                apply(expectation.meaning, upstream)
            }
            if awaitsReplicas {
                keepBack(reply, expectation)
            } else {
                deliver(reply, expectation)
            }
        }
        finishAnswer()
    }

    func record(_ expectation: Expectation, _ reply: ByteBuffer, at now: NIODeadline) {
        shard.metrics.record(
            expectation.spec, (now - expectation.arrived).nanoseconds, arguments: expectation.arguments,
            requestBytes: expectation.frame?.readableBytes ?? 0, replyBytes: reply.readableBytes, at: now)
    }

    func deliver(_ reply: ByteBuffer, _ expectation: Expectation) {
        if !expectation.isMuted { session.receivePart(reply) }
    }

    /// What a successful answer means for the session.
    func apply(_ meaning: Expectation.Meaning, _ upstream: UpstreamConnection) {
        switch meaning {
        case .select(let database):
            session.state.database = database
            shard.knownDatabases.insert(database)
        case .auth(let identity):
            identity.isVerified = true
            session.state.identity = identity
        case .hello(let version, let identity, let name):
            if let version { session.state.protocolVersion = version }
            if let identity {
                identity.isVerified = true
                session.state.identity = identity
            }
            if let name {
                session.state.clientName = name
                upstream.clientName = name
            }
        case .setName(let name):
            session.state.clientName = name
            upstream.clientName = name
        case .raw:
            session.state.pins.insert([.raw, .lasting])
        case .plain, .exec, .watch, .subscription, .unsubscribeAll, .internalCommand, .replicas,
            .discardForLostWatch, .unanswered:
            break
        }
        upstream.key = session.state.upstreamKey
    }

    /// HELLO takes its options one by one: one that fails at SETNAME may have authenticated before.
    func noteFailure(of meaning: Expectation.Meaning) {
        if case .hello(_, .some, .some) = meaning { session.state.pins.insert(.lasting) }
    }

    func finishAnswer() {
        nextAnswer += 1
        // The commands of an open transaction stay until it ends: they may have to be sent again.
        let keepsTransaction = session.state.isInTransaction || log.dropFirst(nextAnswer).contains { $0.isQueued }
        if !keepsTransaction || nextAnswer == log.count && !session.state.isInTransaction {
            log.removeFirst(nextAnswer)
            nextToSend -= nextAnswer
            nextAnswer = 0
        }
    }

    func readComplete() {
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
        if isSpoilt || upstream.endpoint != shard.master || shard.isDraining {
            upstream.close()
        } else {
            shard.idlePrivate.put(upstream)
        }
        session.resume()
    }
}
