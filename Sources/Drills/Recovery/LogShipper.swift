internal import Foundation
internal import Glibc
internal import LocalStack

/// `breakwater backup ship`, as it runs all the time beside a store.
struct LogShipper: Sendable {
    private let stack: LocalStack
    /// What it has printed, a document a line.
    private let log: String

    private static let name = "ship"
    /// How long it may take to have caught up.
    private static let patience: Duration = .seconds(60)

    /// - Throws: `StackError`.
    static func start(_ stage: RecoveryStage) throws -> LogShipper {
        try start(on: stage.stack, stage.tool, log: "\(stage.folder)/ship.log")
    }

    /// - Throws: `StackError`.
    static func start(on stack: LocalStack, _ tool: BreakwaterTool, log: String) throws -> LogShipper {
        let shipper = LogShipper(stack: stack, log: log)
        try stack.run(
            "\(tool.directory)/breakwater", as: name,
            arguments: tool.arguments(["backup", "ship", "--no-backup"]), log: log)
        return shipper
    }

    private init(stack: LocalStack, log: String) {
        self.stack = stack
        self.log = log
    }

    /// Returns when the bucket has what was committed until `moment`, and how far behind it then is, in milliseconds.
    /// - Throws: `DrillError`, `drill.not_shipped`.
    @discardableResult
    func catchUp(to moment: Date = Date()) async throws -> Int {
        let lag = try await poll(every: .milliseconds(50), limit: Self.patience) { () -> Int? in
            guard stack.pid(of: Self.name) != nil else { throw failure("the shipper of the log has ended") }
            return ShipperWords.lag(at: moment, in: words)
        }
        guard let lag else { throw failure("the log is not shipped within \(Self.patience.inMilliseconds) ms") }
        return lag
    }

    /// Kills it within an instant, as when its machine dies.
    func kill() async {
        stack.signal(Self.name, SIGKILL)
        await stack.ended(Self.name)
    }

    private var words: String {
        (FileManager.default.contents(atPath: log)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    private func failure(_ summary: String) -> DrillError {
        DrillError("drill.not_shipped", "\(summary): \(words.suffix(1000))")
    }
}
