import NIOCore
import RESP

/// Commands too long to gather: their bytes go to a private connection as they come.
extension Session {
    func beginStreaming(_ frame: RequestFrame, _ spec: CommandSpec) -> Bool {
        guard state.isAuthenticated else {
            close(.protocolError)
            return false
        }
        guard outstanding == 0 else { return false }
        let isDurable = inbound.withUnsafeReadableBytes { shard.durability.covers(spec, frame, $0) }
        if isDurable, !state.isInTransaction, !shard.isMasterConfirmed {
            if privateUpstream == nil { pin() }
            privateUpstream?.beginHold()
            return false
        }
        if privateUpstream == nil { pin() }
        guard let privateUpstream, privateUpstream.isReady, shard.master != nil else { return false }
        largeFrame = nil
        isStreaming = true
        inbound.withUnsafeReadableBytes { bytes in
            for database in possibleDatabases { shard.noteWrite(spec, frame, bytes, database: database) }
        }
        var streamed = spec
        if state.isInTransaction { streamed.effect = .mutate }
        privateUpstream.beginStream(
            Expectation(
                spec: streamed, meaning: takeSilence() ? .unanswered : .plain, frame: nil, arrived: shard.now,
                isDurable: isDurable, isQueued: state.isInTransaction))
        return true
    }

    /// Whether the command that is about to be sent is one that CLIENT REPLY keeps from being answered.
    func takeSilence() -> Bool {
        let isSilent = !state.pins.isDisjoint(with: [.silenced, .skipsNext])
        state.pins.remove(.skipsNext)
        return isSilent
    }

    /// Passes on what has arrived of the long command; false when there is nothing to pass on or no room for it.
    func continueStreaming() -> Bool {
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
}

extension CommandHandling {
    /// A long command of this kind can be passed on while it arrives.
    var isStreamable: Bool {
        switch self {
        case .shared, .blocking, .exclusive: true
        default: false
        }
    }
}
