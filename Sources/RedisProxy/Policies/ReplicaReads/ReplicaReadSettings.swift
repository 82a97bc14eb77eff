/// Which reads may be answered by replicas, and how old their answers may be. Nothing declared: none.
package struct ReplicaReadSettings: Sendable, Equatable {
    /// Reads whose every key begins with one of these.
    package var prefixes: [String] = []
    /// Commands by name, in any case, subcommands behind a blank; whatever their keys.
    package var commands: [String] = []
    /// How much of the master's past an answer may lack.
    package var maxLag = Duration.seconds(1)

    package static let lagBounds: ClosedRange<Duration> = .milliseconds(100)...(.seconds(60))

    package init() {}

    /// What replicas are asked for; nil when nothing is read from them.
    var probedLag: Duration? { isActive ? maxLag : nil }

    package var isActive: Bool { !prefixes.isEmpty || !commands.isEmpty }
}

extension ReplicaReadSettings {
    func problems() -> [ConfigurationProblem] {
        var problems: [ConfigurationProblem] = []
        if prefixes.contains("") {
            problems.append(
                .error(
                    "empty_replica_prefix", "An empty --replica-read prefix would send every read to replicas.",
                    hint: "name the prefixes whose reads may be a little old"))
        }
        for name in commands {
            switch ReplicaReadRule.standing(of: name) {
            case .covered: break
            case .unknown:
                problems.append(
                    .error(
                        "unknown_command", "--replica-read-command \(name) is no command that is known.",
                        hint: "GET, MGET or HGETALL, for example; a subcommand with its container: \"OBJECT ENCODING\"")
                )
            case .notPureRead:
                problems.append(
                    .error(
                        "not_a_read", "--replica-read-command \(name) is more than a read of its keys.",
                        hint: "scripts, cursors and all that writes or touches belong to the master"))
            }
        }
        if !Self.lagBounds.contains(maxLag) {
            problems.append(
                .error(
                    "bad_replica_lag", "Replicas may be 100 ms to 60 s behind, not \(maxLag).",
                    hint: "--replica-max-lag 1s is the default"))
        }
        return problems
    }
}
