import NIOCore

/// One command on a lane: whose it is, how long its frame is, and all that is asked when its connection is lost. Its
/// bytes stand in the lane's buffers, in the same order. Kept small: one is moved for every command.
struct PendingCommand {
    let session: Session
    /// When the sidecar had read it whole.
    let arrived: NIODeadline
    /// Until when it may be held; `PendingCommand.notHeld` while it is not held.
    var holdUntil: NIODeadline
    /// The server's own words that it did not run the command; what the client gets if holding was in vain.
    var refusal: Refusal?
    /// Bytes of its frame. Lanes take no frame longer than `Shard.streamingThreshold` and a few reads.
    let length: Int32
    let argumentCount: Int32
    let spec: CommandSpec
    let isIdempotent: Bool
    /// Part of the answer was sent on already: it cannot be sent again.
    var partlyAnswered = false

    static let notHeld = NIODeadline.distantFuture

    var isHeld: Bool { holdUntil != Self.notHeld }

    @inline(__always)
    init(
        session: Session, spec: CommandSpec, length: Int, argumentCount: Int, arrived: NIODeadline, isIdempotent: Bool
    ) {
        self.session = session
        self.spec = spec
        self.length = Int32(truncatingIfNeeded: length)
        self.argumentCount = Int32(truncatingIfNeeded: argumentCount)
        self.arrived = arrived
        self.isIdempotent = isIdempotent
        holdUntil = Self.notHeld
    }
}

/// A reply that says a command did not run. Rare, so it is kept outside the command.
final class Refusal {
    let reply: ByteBuffer

    init(_ reply: ByteBuffer) { self.reply = reply }
}

/// Commands that travelled to the server in one write, kept until the last of them is answered: what is needed to
/// send them again.
struct SentBatch {
    /// The frames that are not answered yet; the reader index stands at the first of them.
    var frames: ByteBuffer
    var commands: Int
}
