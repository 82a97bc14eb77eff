package import Glibc

/// A file that one process at a time holds. The kernel frees it when its holder dies. (An open-file-description lock,
/// since that can be asked about without being taken.) The file has the holder's process id in it, for people.
package final class FileLock: Sendable {
    private let descriptor: Int32

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Takes it for this process.
    /// - Returns: Nil when another process holds it.
    /// - Throws: `ProcessError`, `lock_unusable`.
    package static func take(_ path: String) throws(ProcessError) -> FileLock? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .system("lock_unusable", "\(path) cannot be opened", errno) }
        var whole = Self.whole
        guard fcntl(descriptor, Self.setLock, &whole) == 0 else {
            close(descriptor)
            return nil
        }
        let text = "\(getpid())\n"
        ftruncate(descriptor, 0)
        _ = text.withCString { pwrite(descriptor, $0, strlen($0), 0) }
        return FileLock(descriptor: descriptor)
    }

    /// The process id of its holder; nil when there is none.
    package static func holder(_ path: String) -> pid_t? {
        let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
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
