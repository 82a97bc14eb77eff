internal import Dispatch

/// Runs one connection's calls of the client library, one after the other, on a thread that may block: those of Swift's
/// concurrency are few and must not.
final class ConnectionExecutor: SerialExecutor {
    /// A serial queue without a target gets a thread beyond the number of processors when it needs one.
    private let queue = DispatchQueue(label: "breakwater.mysql")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}
