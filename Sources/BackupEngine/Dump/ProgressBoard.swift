internal import Synchronization

/// Adds up what all workers have done.
final class ProgressBoard: Sendable {
    private let state: Mutex<DumpProgress>
    private let start = ContinuousClock.now
    private let report: @Sendable (DumpProgress) -> Void

    init(expectedRows: UInt64, report: @escaping @Sendable (DumpProgress) -> Void) {
        var progress = DumpProgress()
        progress.expectedRows = expectedRows
        state = Mutex(progress)
        self.report = report
    }

    func expect(objects: Int) { state.withLock { $0.expectedObjects = objects } }

    func add(rows: UInt64, rawBytes: UInt64) {
        update { progress in
            progress.rows += rows
            progress.rawBytes += rawBytes
        }
    }

    func finishObject(storedBytes: UInt64, rawBytes: UInt64 = 0) {
        update { progress in
            progress.objects += 1
            progress.storedBytes += storedBytes
            progress.rawBytes += rawBytes
        }
    }

    private func update(_ change: (inout DumpProgress) -> Void) {
        let progress = state.withLock { progress in
            change(&progress)
            progress.elapsed = ContinuousClock.now - start
            return progress
        }
        report(progress)
    }
}
