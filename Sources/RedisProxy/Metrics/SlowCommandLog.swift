import Logging

/// A command that took long, without its keys and values.
struct SlowCommand {
    var spec: CommandSpec
    /// Their number, the name included.
    var arguments: Int
    var requestBytes: Int
    var replyBytes: Int
    /// In nanoseconds.
    var latency: Int64
}

/// Logs slow commands at a bounded rate: after an outage every held command is slow. Belongs to one event loop.
struct SlowCommandLog {
    /// Lines in one second; what exceeds them is counted and told with the first line of a later second.
    static let linesPerSecond = 10

    /// In nanoseconds; `Int64.max` when nothing is to be logged, so that the caller compares and nothing more.
    let threshold: Int64
    private let logger: Logger
    private let table: CommandTable
    private var second: Int64 = .min
    private var lines = 0
    private var suppressed = 0

    init(threshold: Duration?, table: CommandTable = .shared, logger: Logger) {
        self.threshold = threshold?.nanoseconds ?? .max
        self.table = table
        self.logger = logger
    }

    /// To be called for a command that took at least `threshold`. `now` is in nanoseconds of a clock that does not go
    /// back.
    mutating func record(_ command: SlowCommand, now: Int64) {
        let current = now / 1_000_000_000
        if current != second {
            second = current
            lines = 0
        }
        guard lines < Self.linesPerSecond else {
            suppressed += 1
            return
        }
        lines += 1
        var metadata: Logger.Metadata = [
            "command": "\(table.name(of: command.spec))",
            "arguments": "\(command.arguments)",
            "request_bytes": "\(command.requestBytes)",
            "reply_bytes": "\(command.replyBytes)",
            "latency_ms": "\(Double(command.latency / 10_000) / 100)",
        ]
        if suppressed > 0 {
            metadata["suppressed"] = "\(suppressed)"
            suppressed = 0
        }
        logger.warning("slow command", metadata: metadata)
    }
}

extension Duration {
    /// Whole nanoseconds; more than three centuries are cut down to `Int64.max`.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? .max : product &+ attoseconds / 1_000_000_000
    }
}
