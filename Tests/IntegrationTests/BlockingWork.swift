import Foundation

/// Threads for test bodies that block. The threads that Swift's concurrency shares among all tests are few, and must
/// not be held up.
private final class BlockingExecutor: TaskExecutor {
    static let shared = BlockingExecutor()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }.start()
    }
}

/// Runs `body`, which blocks, on a thread of its own; expectations in it belong to the test that called this.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withTaskExecutorPreference(BlockingExecutor.shared) { try body() }
}

/// Runs `body` on threads of their own, and waits for all of them; the results are in the order of the numbers.
func onThreads<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Result) async -> [Result] {
    await withTaskGroup(of: (Int, Result).self) { group in
        for number in 0..<count {
            group.addTask {
                await withTaskExecutorPreference(BlockingExecutor.shared) { (number, body(number)) }
            }
        }
        var results: [(Int, Result)] = []
        for await result in group { results.append(result) }
        return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
