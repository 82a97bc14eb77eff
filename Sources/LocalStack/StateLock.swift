package import Glibc
internal import Processes

/// One supervisor for each state directory.
package final class StateLock: Sendable {
    private let lock: FileLock

    private init(_ lock: FileLock) { self.lock = lock }

    /// Takes the lock for this process.
    static func take(_ state: StateDirectory) throws(StackError) -> StateLock {
        let lock: FileLock?
        do {
            lock = try FileLock.take(state.lockFile)
        } catch {
            throw StackError("state_unusable", error.summary, cause: error.cause)
        }
        guard let lock else {
            throw StackError(
                "running_already", "a stack is already running in \(state.path)",
                hint: "`breakwater status` shows it, `breakwater down` stops it, --state names another directory")
        }
        return StateLock(lock)
    }

    /// The process id of the supervisor that holds the lock; nil when none does.
    package static func holder(_ state: StateDirectory) -> pid_t? { FileLock.holder(state.lockFile) }
}
