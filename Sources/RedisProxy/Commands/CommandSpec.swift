/// What running a command does to the data. It decides what may happen to a command whose answer was lost.
package enum CommandEffect: UInt8, Sendable, CaseIterable {
    /// Changes nothing: it may be sent again while its answer is outstanding.
    case read
    /// A cursor walk (SCAN, HSCAN, SSCAN, ZSCAN). Changes nothing, but its cursor means something only to the server
    /// that gave it out, so it is not sent again to another one.
    case scan
    /// Replaces or removes whole keys, so that running it twice leaves what running it once leaves: SET without
    /// conditions, SETEX, PSETEX, DEL, UNLINK. May be sent again only for keys that the configuration calls
    /// idempotent, since another client may have written in between; the count in a DEL's answer can differ.
    case overwrite
    /// Any other change. Never sent again once it was handed over.
    case mutate
    /// Delivers a message. Replicas accept it too and deliver to their own subscribers only.
    case publish
    /// Administration or connection state; no data.
    case control

    /// What is read afterwards may differ.
    var changesData: Bool { self == .overwrite || self == .mutate }
}

/// Which path a command takes through the sidecar.
package enum CommandHandling: UInt8, Sendable, CaseIterable {
    /// Keeps no state on its connection: it may travel on a lane that all clients share.
    case shared
    /// May keep its connection waiting: the client is pinned until the answer has come.
    case blocking
    case multi, exec, discard, watch, unwatch
    /// SUBSCRIBE, PSUBSCRIBE (`CommandFlags.pattern`) and SSUBSCRIBE (`CommandFlags.shardChannel`).
    case subscribe
    case unsubscribe
    case monitor
    /// WAIT and WAITAOF: they count the writes of their own connection only.
    case wait
    /// Session state that the sidecar keeps and applies itself.
    case auth, select, hello, reset, quit
    case clientSetName, clientGetName, clientSetInfo, clientID
    /// CLIENT REPLY: pins, and changes how many answers are to be expected.
    case clientReply
    /// CLIENT TRACKING and CLIENT CACHING: pins; the server sends invalidations on its own accord.
    case clientTracking
    /// Leaves other state on its connection: the client is pinned until RESET or the end of its connection.
    case pin
    /// SCRIPT DEBUG: turns the connection into a debugging session.
    case scriptDebug
    /// Runs alone on a private connection that is closed or cleaned afterwards: it may block its connection, never
    /// answer, has to pass a lane that a script keeps busy, or is not known to this table.
    case exclusive
    /// Answered with an error: it cannot work through a sidecar (`CommandDescriptor.note` says why).
    case refused
}

/// The label under which a command is counted and timed.
package enum CommandClass: UInt8, Sendable, CaseIterable {
    case read, write, scan, script, blocking, transaction, pubsub, connection, admin, other

    /// The value of the `class` label in metrics.
    package var label: String {
        switch self {
        case .read: "read"
        case .write: "write"
        case .scan: "scan"
        case .script: "script"
        case .blocking: "blocking"
        case .transaction: "transaction"
        case .pubsub: "pubsub"
        case .connection: "connection"
        case .admin: "admin"
        case .other: "other"
        }
    }
}

/// What may be done with a command that was handed to a server whose answer will not come.
package enum InFlightRule: UInt8, Sendable {
    case resend
    /// Only if every key carries a prefix that the configuration declares idempotent.
    case resendIfIdempotent
    /// The outcome is unknown: the client's connection is closed.
    case never
}

package struct CommandFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    package init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Has subcommands; the second argument decides.
    package static let container = CommandFlags(rawValue: 1 << 0)
    /// `CommandTable.resolve` looks at the arguments to settle effect or handling.
    package static let dependsOnArguments = CommandFlags(rawValue: 1 << 1)
    /// A (un)subscription to patterns.
    package static let pattern = CommandFlags(rawValue: 1 << 2)
    /// A (un)subscription to shard channels.
    package static let shardChannel = CommandFlags(rawValue: 1 << 3)
    /// Not a read, yet sending it again does no harm (SCRIPT LOAD).
    package static let resendable = CommandFlags(rawValue: 1 << 4)
    /// Not in the table: a module's command, or one newer than this sidecar.
    package static let unknown = CommandFlags(rawValue: 1 << 5)
}

/// All that the data path asks about a command, as a small trivially copied value. Names and notes are in
/// `CommandDescriptor`.
package struct CommandSpec: Sendable, Hashable {
    package var effect: CommandEffect
    package var handling: CommandHandling
    package var commandClass: CommandClass
    package var flags: CommandFlags
    /// As COMMAND gives it: the number of arguments with the name; negative for "at least".
    package var arity: Int8
    package var keys: KeyPositions
    package var degraded: DegradedAnswer
    /// The place of the command's descriptor in its table.
    package var index: UInt16

    /// The rule for an answer that will not come.
    package var inFlight: InFlightRule {
        if flags.contains(.resendable) { return .resend }
        return switch effect {
        case .read: .resend
        case .overwrite: .resendIfIdempotent
        case .scan, .mutate, .publish, .control: .never
        }
    }

    package var isContainer: Bool { flags.contains(.container) }
    package var isUnknown: Bool { flags.contains(.unknown) }

    /// Whether a request of `count` arguments, the name among them, has the length this command wants.
    package func accepts(argumentCount count: Int) -> Bool {
        arity >= 0 ? count == Int(arity) : count >= -Int(arity)
    }
}
