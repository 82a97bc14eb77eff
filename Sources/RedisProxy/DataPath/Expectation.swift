import NIOCore

/// A command on a private connection whose answer is awaited, with what the answer will mean for the session.
struct Expectation {
    enum Meaning {
        case plain
        case select(Int)
        case auth(Identity)
        /// HELLO; each part is nil where the command left it alone.
        case hello(protocolVersion: Int?, identity: Identity?, name: [UInt8]?)
        case setName([UInt8])
        case exec
        case watch
        /// DISCARD in the place of an EXEC whose watch was lost: the client is told that nothing happened.
        case discardForLostWatch
        /// As many confirmations as names were given.
        case subscription(remaining: Int)
        /// Unsubscribing from everything: confirmations until nothing of the kind is left.
        case unsubscribeAll(Subscriptions.Kind)
        /// The sidecar's own command: the answer goes to nobody.
        case internalCommand
        /// The sidecar's WAIT behind a durable write, asked at this time.
        case replicas(since: NIODeadline)
        /// MONITOR, SCRIPT DEBUG: from here on bytes are passed through.
        case raw
        /// No answer will come, or none that can be told from others.
        case unanswered

        /// A command of the sidecar's own, made anew for each connection.
        var isOwn: Bool {
            switch self {
            case .internalCommand, .replicas: true
            default: false
            }
        }

        /// A successful answer changes what the sidecar keeps of the session.
        var changesSession: Bool {
            switch self {
            case .select, .auth, .hello, .setName, .exec, .raw: true
            default: false
            }
        }
    }

    let spec: CommandSpec
    var meaning: Meaning
    /// The frame, for sending it again; nil when it was too long to keep.
    var frame: ByteBuffer?
    /// The frame of a command that is too long to keep, until it is sent the first time.
    var unkept: ByteBuffer?
    let arrived: NIODeadline
    /// How many, the name among them: for the slow-command log.
    var arguments = 0
    var isIdempotent = false
    /// Its answer is due only once replicas have what it wrote.
    var isDurable = false
    /// Inside MULTI: the answer is only that it is queued.
    var isQueued = false
    /// The client has its answer already; sent again for its effect alone.
    var isMuted = false
    var partlyAnswered = false
}
