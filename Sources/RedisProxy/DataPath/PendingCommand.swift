import NIOCore

/// One command on a lane: whose it is, how long its frame is, and all that is asked when its connection is lost. Its
/// bytes stand in the lane's buffers, in the same order.
struct PendingCommand {
    let session: Session
    let spec: CommandSpec
    let length: Int
    let argumentCount: Int
    /// When the sidecar had read it whole.
    let arrived: NIODeadline
    /// Until when it may be held; nil while it is not held.
    var holdUntil: NIODeadline?
    let isIdempotent: Bool
    /// Part of the answer was sent on already: it cannot be sent again.
    var partlyAnswered = false
    /// The server's own words that it did not run the command; what the client gets if holding was in vain.
    var refusal: ByteBuffer?
}

/// Commands that travelled to the server in one write, kept until the last of them is answered: what is needed to
/// send them again.
struct SentBatch {
    /// The frames that are not answered yet; the reader index stands at the first of them.
    var frames: ByteBuffer
    var commands: Int
}
