import RedisClient

/// Why a session needs an upstream connection of its own.
struct PinReasons: OptionSet, Sendable {
    let rawValue: UInt16

    /// Between MULTI and EXEC or DISCARD.
    static let transaction = PinReasons(rawValue: 1 << 0)
    /// Between WATCH and EXEC, DISCARD or UNWATCH.
    static let watch = PinReasons(rawValue: 1 << 1)
    /// Subscribed, or about to be.
    static let subscription = PinReasons(rawValue: 1 << 2)
    /// State that only the end of the connection (or RESET) ends: tracking, NO-EVICT, a SELECT inside MULTI.
    static let lasting = PinReasons(rawValue: 1 << 3)
    /// Answers no longer match commands one to one (MONITOR, SCRIPT DEBUG): bytes are passed on.
    static let raw = PinReasons(rawValue: 1 << 4)
    /// CLIENT REPLY OFF: no command is answered until CLIENT REPLY ON.
    static let silenced = PinReasons(rawValue: 1 << 5)
    /// CLIENT REPLY SKIP: the next command is not answered.
    static let skipsNext = PinReasons(rawValue: 1 << 6)

    /// What cannot be carried over to another connection.
    static let immovable: PinReasons = [.subscription, .lasting, .raw, .silenced, .skipsNext]
    /// Only the connection itself knows the session's name, or whether it answers.
    static let asksConnection: PinReasons = [.lasting, .raw, .silenced, .skipsNext]
}

/// What a session is towards the server, apart from all I/O: the part of a Redis client's state that the sidecar
/// keeps, replays and watches for the end of.
struct SessionState {
    var identity: Identity
    var database = 0
    var protocolVersion = 2
    var clientName: [UInt8] = []
    /// False while the sidecar's own client password is still wanted.
    var isAuthenticated: Bool
    var pins: PinReasons = []
    /// The watched keys' connection is gone: EXEC must answer that the transaction did not happen.
    var watchLost = false
    var subscriptions = Subscriptions()

    init(identity: Identity, isAuthenticated: Bool) {
        self.identity = identity
        self.isAuthenticated = isAuthenticated
    }

    /// How an upstream connection must be set up for this session.
    var upstreamKey: UpstreamKey {
        UpstreamKey(identity: identity, database: database, protocolVersion: protocolVersion)
    }

    var isInTransaction: Bool { pins.contains(.transaction) }

    /// RESET, as networking.c's `resetCommand` does it: database 0, RESP2, no transaction, no subscriptions, no name,
    /// the first identity.
    mutating func reset(identity: Identity, isAuthenticated: Bool) {
        self = SessionState(identity: identity, isAuthenticated: isAuthenticated)
    }

    /// EXEC or DISCARD was sent: both end the watch too.
    mutating func endTransaction() {
        pins.remove([.transaction, .watch])
    }
}

/// The channels, patterns and shard channels of one session, as the server confirmed them.
struct Subscriptions: Equatable {
    enum Kind: String, CaseIterable, Hashable {
        case channel = ""
        case pattern = "p"
        case shard = "s"
    }

    private(set) var names: [Kind: Set<[UInt8]>] = [:]

    var isEmpty: Bool { names.values.allSatisfy(\.isEmpty) }

    func isEmpty(_ kind: Kind) -> Bool { names[kind]?.isEmpty ?? true }

    /// A confirmation or message of the server, by the first word of its array.
    enum Notice: Equatable {
        case subscribed(Kind)
        case unsubscribed(Kind)
        case message

        init?(_ word: String) {
            switch word {
            case "message", "pmessage", "smessage": self = .message
            case "subscribe": self = .subscribed(.channel)
            case "psubscribe": self = .subscribed(.pattern)
            case "ssubscribe": self = .subscribed(.shard)
            case "unsubscribe": self = .unsubscribed(.channel)
            case "punsubscribe": self = .unsubscribed(.pattern)
            case "sunsubscribe": self = .unsubscribed(.shard)
            default: return nil
            }
        }
    }

    /// Takes note of a confirmation; `name` is nil when there was nothing to unsubscribe from.
    mutating func note(_ notice: Notice, name: [UInt8]?) {
        switch notice {
        case .subscribed(let kind): if let name { names[kind, default: []].insert(name) }
        case .unsubscribed(let kind): if let name { names[kind]?.remove(name) }
        case .message: break
        }
    }
}
