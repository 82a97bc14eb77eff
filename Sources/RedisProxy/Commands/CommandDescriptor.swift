/// A command as the table's source lists it: what the data path needs, and what the documentation says about it.
package struct CommandDescriptor: Sendable {
    /// In upper case, a subcommand after its container and a space: `CLIENT SETNAME`.
    package let name: String
    package let arity: Int8
    package let keys: KeyPositions
    package let effect: CommandEffect
    package let handling: CommandHandling
    package let commandClass: CommandClass
    package let flags: CommandFlags
    /// What it is answered while a cache is degraded.
    package let degraded: DegradedAnswer
    /// The first version that has it, where that is newer than Redis 7.0.
    package let since: String?
    /// What a user should know, as a full sentence; for refused commands the reason.
    package let note: String?

    /// The same command under another class.
    func counted(as commandClass: CommandClass) -> Self {
        Self(name, arity, keys, effect, handling, commandClass, flags, degraded, since, note)
    }

    /// The container's name if this is a subcommand.
    package var container: Substring? {
        name.firstIndex(of: " ").map { name[..<$0] }
    }
}

/// One constructor for each kind of command, so that the catalogue reads as a table.
extension CommandDescriptor {
    fileprivate init(
        _ name: String, _ arity: Int8, _ keys: KeyPositions, _ effect: CommandEffect, _ handling: CommandHandling,
        _ commandClass: CommandClass, _ flags: CommandFlags, _ degraded: DegradedAnswer, _ since: String?,
        _ note: String?
    ) {
        self.name = name
        self.arity = arity
        self.keys = keys
        self.effect = effect
        self.handling = handling
        self.commandClass = commandClass
        self.flags = flags
        self.degraded = degraded
        self.since = since
        self.note = note
    }

    /// Changes nothing.
    static func read(
        _ name: String, _ arity: Int8, _ keys: KeyPositions = .none, handling: CommandHandling = .shared,
        class commandClass: CommandClass = .read, flags: CommandFlags = [], since: String? = nil, note: String? = nil,
        degraded: DegradedAnswer = .none
    ) -> Self {
        Self(name, arity, keys, .read, handling, commandClass, flags, degraded, since, note)
    }

    /// Walks a cursor.
    static func scan(
        _ name: String, _ arity: Int8, _ keys: KeyPositions = .none, since: String? = nil,
        degraded: DegradedAnswer = .none
    ) -> Self {
        Self(name, arity, keys, .scan, .shared, .scan, [], degraded, since, nil)
    }

    /// Replaces or removes whole keys.
    static func overwrite(
        _ name: String, _ arity: Int8, _ keys: KeyPositions, flags: CommandFlags = [], note: String? = nil,
        degraded: DegradedAnswer = .none
    ) -> Self {
        Self(name, arity, keys, .overwrite, .shared, .write, flags, degraded, nil, note)
    }

    /// Changes data in any other way.
    static func mutate(
        _ name: String, _ arity: Int8, _ keys: KeyPositions = .none, handling: CommandHandling = .shared,
        class commandClass: CommandClass = .write, flags: CommandFlags = [], since: String? = nil, note: String? = nil,
        degraded: DegradedAnswer = .none
    ) -> Self {
        Self(name, arity, keys, .mutate, handling, commandClass, flags, degraded, since, note)
    }

    /// Takes from a key, and waits while there is nothing to take.
    static func blocking(_ name: String, _ arity: Int8, _ keys: KeyPositions) -> Self {
        Self(name, arity, keys, .mutate, .blocking, .blocking, [], .none, nil, nil)
    }

    /// Delivers a message.
    static func publish(_ name: String, _ arity: Int8, _ keys: KeyPositions = .none, note: String? = nil) -> Self {
        Self(name, arity, keys, .publish, .shared, .pubsub, [], .none, nil, note)
    }

    /// Administration or connection state.
    static func control(
        _ name: String, _ arity: Int8, _ keys: KeyPositions = .none, handling: CommandHandling = .shared,
        class commandClass: CommandClass = .admin, flags: CommandFlags = [], since: String? = nil, note: String? = nil,
        degraded: DegradedAnswer = .none
    ) -> Self {
        Self(name, arity, keys, .control, handling, commandClass, flags, degraded, since, note)
    }

    /// Has subcommands. What follows is how a subcommand that the table does not have is treated.
    static func container(_ name: String, _ arity: Int8 = -2, since: String? = nil) -> Self {
        Self(name, arity, .none, .mutate, .exclusive, .other, .container, .none, since, nil)
    }

    /// Cannot work through a sidecar.
    static func refused(_ name: String, _ arity: Int8, since: String? = nil, reason: String) -> Self {
        Self(name, arity, .none, .control, .refused, .admin, [], .session, since, reason)
    }

    /// What a name that is in no table gets: a module's command, or one newer than this sidecar.
    static let unknown = Self(
        "(unknown)", -1, .none, .mutate, .exclusive, .other, .unknown, .none, nil,
        "A module's command, or one that is newer than the sidecar.")
}
