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

    /// Removes the socket if it is the one of `identity`. When another process has renamed its own over the path,
    /// nothing happens.
    func remove(ifStill identity: FileIdentity) {
        if let now = try? FileIdentity(of: path), now == identity {
            unlink(path)
        }
    }
}

/// Tells a file from another one that has taken its name.
struct FileIdentity: Sendable, Equatable {
    private let device: UInt64
    private let inode: UInt64

    init(of path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { throw IOError(errnoCode: errno, reason: "lstat") }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
    }
}
