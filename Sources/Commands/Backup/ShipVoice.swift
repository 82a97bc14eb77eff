internal import BackupEngine
internal import Binlog
internal import Foundation
internal import RecoveryCore
internal import Synchronization

/// What `backup ship` says: with `--json` a document in a line for each thing that happens, otherwise what people need.
final class ShipVoice: Sendable {
    /// For people, when nothing changes.
    private static let pause = Duration.seconds(60)

    private let console: Console
    private let isOnce: Bool
    private let told = Mutex<ContinuousClock.Instant?>(nil)

    init(_ console: Console, isOnce: Bool) {
        self.console = console
        self.isOnce = isOnce
    }

    private struct Line: Encodable {
        struct Failure: Encodable {
            var code: String
            var message: String
        }

        var event: String
        var from: String?
        var lagMs: Int?
        var at: LogTime?
        var position: String?
        var number: UInt64?
        var transactions: UInt64?
        var storedBytes: UInt64?
        var reason: String?
        var needsBackup: Bool?
        var error: Failure?
        var text: String?
    }

    func say(_ event: ShippingEvent) {
        // Encoding plain values does not fail.
        try? console.event(line(event))
        guard !console.isJSON else { return }
        switch event {
        case .started(let from, let number):
            console.print("ships from \(from.isEmpty ? "the beginning" : "\(from)") on, as segment \(number)")
        case .progress(let progress): sayProgress(progress)
        case .gap(let gap):
            console.note("the log cannot be joined to what is there (\(gap.sentence)): a new backup is needed")
        case .interrupted(let error, let pause):
            console.note("\(UserFacingError(presenting: error).summary); again in \(Readable.duration(pause))")
        case .warning(let text): console.note("warning: \(text)")
        }
    }

    private func sayProgress(_ progress: ShippingProgress) {
        let text = """
            segment \(progress.number)  \(Readable.count(progress.transactions)) transactions  \
            \(Readable.bytes(progress.storedBytes))  lag \(Readable.duration(progress.lag))
            """
        console.progress(text)
        let isDue = told.withLock { told in
            let now = ContinuousClock.now
            guard told.map({ now - $0 >= Self.pause }) ?? true else { return false }
            told = now
            return true
        }
        if isDue || isOnce, !console.showsProgress { console.print(text) }
    }

    private func line(_ event: ShippingEvent) -> Line {
        switch event {
        case .started(let from, let number):
            return Line(event: "started", from: "\(from)", number: number)
        case .progress(let progress):
            return Line(
                event: "progress", lagMs: Int(progress.lag / .milliseconds(1)), at: progress.at,
                position: "\(progress.position)", number: progress.number, transactions: progress.transactions,
                storedBytes: progress.storedBytes)
        case .gap(let gap):
            return Line(event: "gap", reason: gap.rawValue, needsBackup: true)
        case .interrupted(let error, _):
            let error = UserFacingError(presenting: error)
            return Line(event: "reconnecting", error: .init(code: error.code, message: error.summary))
        case .warning(let text):
            return Line(event: "warning", text: text)
        }
    }
}

extension ShippingStart.Gap {
    fileprivate var sentence: String {
        switch self {
        case .first: "nothing is shipped yet"
        case .purged: "the server has deleted what comes next"
        case .diverged: "the server has another history"
        }
    }
}
