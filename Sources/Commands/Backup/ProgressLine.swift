internal import Synchronization

/// Shows how a job goes on, in one line of a terminal, ten times a second at most.
final class ProgressLine: Sendable {
    private static let pause = Duration.milliseconds(100)

    private let console: Console
    /// When the next line may be drawn; nil when no more are.
    private let next: Mutex<ContinuousClock.Instant?>

    init(_ console: Console) {
        self.console = console
        next = Mutex(.now)
    }

    /// The text is made only when it is shown.
    func show(_ line: @autoclosure () -> String) {
        guard console.showsProgress else { return }
        next.withLock { next in
            let now = ContinuousClock.now
            guard let due = next, now >= due else { return }
            next = now + Self.pause
            console.progress(line())
        }
    }

    /// Takes the line away; nothing is shown from then on.
    func clear() {
        next.withLock { next in
            next = nil
            console.progress(nil)
        }
    }
}

/// A value that JSON shows as `null` when it is missing: the key is part of the contract.
struct Nullable<Value: Encodable>: Encodable {
    var value: Value?

    init(_ value: Value?) { self.value = value }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value { try container.encode(value) } else { try container.encodeNil() }
    }
}
