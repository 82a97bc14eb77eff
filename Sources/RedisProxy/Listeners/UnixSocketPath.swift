import Glibc
import NIOCore

/// The place of a unix socket, with what it takes to put a new socket there without a gap.
struct UnixSocketPath: Sendable {
    /// The size of `sockaddr_un.sun_path` without its terminator.
    static let capacity = 107

    let path: String

    init(_ path: String) {
        self.path = path
    }

    /// A name in the same directory (a rename must not cross file systems), of this process alone.
    func temporary() throws(ConfigurationProblem) -> String {
        let slash = path.lastIndex(of: "/")
        let directory = slash.map { path[...$0] } ?? ""
        let name = "\(directory).bw\(getpid())"
        guard name.utf8.count <= Self.capacity, path.utf8.count <= Self.capacity else {
            throw .error(
                "socket_path_too_long", "The directory of \(path) has too long a name for a socket.",
                hint: "the kernel allows \(Self.capacity) bytes for a socket's whole path")
        }
        return name
    }

    /// Refuses to put a socket over something that is none: a mistyped path must not cost anybody a file.
    func checkReplaceable() throws(ConfigurationProblem) {
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT != S_IFSOCK else { return }
        throw .error(
            "not_a_socket", "\(path) exists and is not a socket.", hint: "choose another path, or remove what is there")
    }

    /// Removes the socket if it is still the one that `pin` holds, and lets go of the pin. When another process has
    /// renamed its own over the path, that one stays.
    func remove(ifStill pin: PinnedFile) {
        if pin.isAt(path) { unlink(path) }
        pin.release()
    }
}

/// Holds on to a file by a descriptor, so that its inode number cannot be given to another file meanwhile: a number
/// alone would not tell a socket from its successor's successor.
struct PinnedFile: Sendable {
    /// `O_PATH` of <fcntl.h> on x86 and ARM, which the C module shows only with `_GNU_SOURCE`. A socket file cannot be
    /// opened in any other way.
    private static let pathOnly: CInt = 0o10000000

    private let descriptor: CInt

    init(_ path: String) throws {
        descriptor = open(path, Self.pathOnly | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "open") }
    }

    func isAt(_ path: String) -> Bool {
        var pinned = stat()
        var there = stat()
        return fstat(descriptor, &pinned) == 0 && lstat(path, &there) == 0
            && pinned.st_dev == there.st_dev && pinned.st_ino == there.st_ino
    }

    func release() {
        close(descriptor)
    }
}
