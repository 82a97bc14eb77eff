import Glibc
import NIOCore
package import RedisClient

/// Listening sockets that the service manager opened and passed on.
///
/// Source: sd_listen_fds(3): LISTEN_PID names the process they are meant for, LISTEN_FDS their number; the first is
/// descriptor 3.
package struct InheritedSockets: Sendable {
    package static let none = InheritedSockets([:])
    private static let firstDescriptor: CInt = 3

    /// One descriptor for each address. They stay open for as long as the process lives, since they are duplicated for
    /// every channel and again after a reload.
    private let descriptors: [RedisAddress: CInt]

    private init(_ descriptors: [RedisAddress: CInt]) {
        self.descriptors = descriptors
    }

    /// Takes the sockets that are meant for this process out of its environment. To be called once, before threads
    /// start, since the environment is changed so that no child takes them for its own.
    ///
    /// - Throws: `ConfigurationProblem` when what was passed is not a listening stream socket.
    package static func take() throws(ConfigurationProblem) -> InheritedSockets {
        defer { for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) } }
        guard let pid = environment("LISTEN_PID").flatMap({ Int32($0) }), pid == getpid(),
            let count = environment("LISTEN_FDS").flatMap({ CInt($0) }), count > 0, count <= 1024
        else { return .none }
        return try adopt(firstDescriptor..<(firstDescriptor + count))
    }

    static func adopt(_ range: Range<CInt>) throws(ConfigurationProblem) -> InheritedSockets {
        var descriptors: [RedisAddress: CInt] = [:]
        for descriptor in range {
            // Set here, for the service manager passes them without.
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            guard let address = listeningAddress(of: descriptor) else {
                throw .error(
                    "bad_inherited_socket", "Descriptor \(descriptor) of LISTEN_FDS is no listening stream socket.",
                    hint: "the .socket unit must use ListenStream= with Accept=no")
            }
            descriptors[address] = descriptor
        }
        return InheritedSockets(descriptors)
    }

    package var isEmpty: Bool { descriptors.isEmpty }

    /// What was passed, in a stable order: the listeners of a sidecar that was given none.
    package var addresses: [RedisAddress] {
        descriptors.keys.sorted { $0.description < $1.description }
    }

    /// A descriptor of the caller's own for the socket at `address`, if one was passed. A socket that listens on all
    /// addresses of its port counts for each of them.
    func duplicate(of address: RedisAddress) throws -> CInt? {
        guard let descriptor = descriptors[address] ?? wildcard(for: address) else { return nil }
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw IOError(errnoCode: errno, reason: "dup") }
        return copy
    }

    private func wildcard(for address: RedisAddress) -> CInt? {
        guard case .tcp(let endpoint) = address else { return nil }
        return descriptors[.tcp(RedisEndpoint(host: "0.0.0.0", port: endpoint.port))]
            ?? descriptors[.tcp(RedisEndpoint(host: "::", port: endpoint.port))]
    }

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    private static func listeningAddress(of descriptor: CInt) -> RedisAddress? {
        guard option(SO_TYPE, of: descriptor) == CInt(SOCK_STREAM.rawValue), option(SO_ACCEPTCONN, of: descriptor) == 1
        else { return nil }
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let outcome = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard outcome == 0 else { return nil }
        switch CInt(storage.ss_family) {
        case AF_UNIX: return unixAddress(storage, length)
        case AF_INET:
            let address = withUnsafeBytes(of: &storage) { $0.loadUnaligned(as: sockaddr_in.self) }
            return endpoint(SocketAddress(address))
        case AF_INET6:
            let address = withUnsafeBytes(of: &storage) { $0.loadUnaligned(as: sockaddr_in6.self) }
            return endpoint(SocketAddress(address))
        default: return nil
        }
    }

    private static func endpoint(_ address: SocketAddress) -> RedisAddress? {
        guard let host = address.ipAddress, let port = address.port else { return nil }
        return .tcp(RedisEndpoint(host: host, port: port))
    }

    /// An unnamed socket, or one of the abstract name space, is nothing that a client could be pointed to.
    private static func unixAddress(_ storage: sockaddr_storage, _ length: socklen_t) -> RedisAddress? {
        let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
        let path = withUnsafeBytes(of: storage) { bytes in
            bytes[min(offset, Int(length))..<Int(length)].prefix { $0 != 0 }.map { $0 }
        }
        return path.isEmpty ? nil : .unix(path: String(decoding: path, as: UTF8.self))
    }

    private static func option(_ name: CInt, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var length = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }
}
