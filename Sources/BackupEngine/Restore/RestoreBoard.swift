internal import RecoveryCore
internal import Synchronization

/// Adds up what all connections have done, and keeps what is to be said in the end.
final class RestoreBoard: Sendable {
    private struct State {
        var progress = RestoreProgress()
        var warnings: [String] = []
    }

    private let state = Mutex(State())
    let start = ContinuousClock.now
    private let report: @Sendable (RestoreProgress) -> Void

    init(_ selection: RestoreSelection, report: @escaping @Sendable (RestoreProgress) -> Void) {
        self.report = report
        state.withLock { state in
            let objects = selection.tables.flatMap(\.objects)
            state.progress.expectedRows = selection.rows
            state.progress.expectedRawBytes = objects.reduce(0) { $0 &+ $1.object.rawBytes }
            state.progress.expectedObjects = objects.count
            state.progress.expectedTables = selection.tables.count
        }
    }

    var warnings: [String] { state.withLock(\.warnings) }

    /// Once each.
    func warn(_ warning: String) {
        state.withLock { if !$0.warnings.contains(warning) { $0.warnings.append(warning) } }
    }

    /// Once for each thing.
    func warn(_ what: String, _ why: String) {
        state.withLock { state in
            guard !state.warnings.contains(where: { $0.hasPrefix("\(what): ") }) else { return }
            state.warnings.append("\(what): \(why)")
        }
    }

    func update(_ change: (inout RestoreProgress) -> Void) {
        let progress = state.withLock { state in
            change(&state.progress)
            state.progress.elapsed = ContinuousClock.now - start
            return state.progress
        }
        report(progress)
    }

    func begin(_ phase: RestoreProgress.Phase) { update { $0.phase = phase } }

    /// An object that is there, with all of its rows.
    func finish(_ object: BackupManifest.Object) {
        update { progress in
            progress.objects += 1
            progress.rows += object.rows
            progress.storedBytes += object.storedBytes
        }
    }
}
