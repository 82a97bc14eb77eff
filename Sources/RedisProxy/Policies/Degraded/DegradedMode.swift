import NIOCore

/// Whether one event loop answers in the server's stead (`on_timeout: degrade`): since when, and what it knows of the
/// server. A value; `Shard` acts on it.
struct DegradedMode {
    /// When a hold ran out; nil while commands go to a master, or still wait for one.
    private(set) var since: NIODeadline?
    /// What the last master said of itself; nil before the first.
    var serverVersion: String?

    var isOn: Bool { since != nil }

    /// False when it was on already.
    mutating func enter(at now: NIODeadline) -> Bool {
        guard since == nil else { return false }
        since = now
        return true
    }

    /// How long it was on; nil when it was not.
    mutating func leave(at now: NIODeadline) -> TimeAmount? {
        defer { since = nil }
        return since.map { now - $0 }
    }
}

/// What one event loop counts of degraded answers.
struct DegradedFigures: Sendable, Equatable {
    enum Kind: String, CaseIterable, Sendable {
        /// Reads that found nothing.
        case miss
        /// Writes that were accepted, or said not to be done, and forgotten.
        case forgotten
        /// All else that was answered.
        case other
        /// Commands without an answer that is true: the client was closed.
        case closed
    }

    var answers = ByCase<Kind>()
    /// Times the mode was entered, and nanoseconds spent in it, the present time included.
    var episodes: UInt64 = 0
    var nanoseconds: UInt64 = 0

    mutating func add(_ other: Self) {
        answers.add(other.answers)
        episodes &+= other.episodes
        nanoseconds &+= other.nanoseconds
    }
}

extension DegradedFigures.Kind {
    /// The kind of an answer to this command.
    init(_ spec: CommandSpec) {
        self =
            switch spec.effect {
            case .read where spec.commandClass == .read, .scan: .miss
            case .overwrite, .mutate: .forgotten
            case .read, .publish, .control: .other
            }
    }
}
