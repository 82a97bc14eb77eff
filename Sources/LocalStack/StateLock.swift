package import Glibc

/// One supervisor for each state directory. The kernel frees the lock when its holder dies. (An open-file-description
/// lock, since that can be asked about without being taken, as `status` must.)
package final class StateLock: Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Takes the lock for this process.
    static func take(_ state: StateDirectory) throws(StackError) -> StateLock {
        let descriptor = open(state.lockFile, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("state_unusable", "\(state.lockFile) cannot be opened", errno) }
        var whole = Self.whole
        guard fcntl(descriptor, Self.setLock, &whole) == 0 else {
            close(descriptor)
            throw StackError(
                "running_already", "a stack is already running in \(state.path)",
                hint: "`breakwater status` shows it, `breakwater down` stops it, --state names another directory")
        }
        let text = "\(getpid())\n"
        ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
        return StateLock(descriptor: descriptor)
    }

    /// The process id of the supervisor that holds the lock; nil when none does.
    package static func holder(_ state: StateDirectory) -> pid_t? {
        let descriptor = open(state.lockFile, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var whole = Self.whole
        guard fcntl(descriptor, Self.getLock, &whole) == 0, whole.l_type != Int16(F_UNLCK) else { return nil }
        var bytes = [CChar](repeating: 0, count: 32)
        guard pread(descriptor, &bytes, bytes.count - 1, 0) > 0 else { return nil }
        let pid = pid_t(truncatingIfNeeded: strtol(bytes, nil, 10))
        return pid > 0 ? pid : nil
    }

    private static var whole: flock {
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        return lock
    }

    // F_OFD_GETLK and F_OFD_SETLK, which the C library's headers hide from Swift.
    private static let getLock: Int32 = 36
    private static let setLock: Int32 = 37
}
