import Foundation
import Synchronization

/// Plain blocking sockets, so that a test sees exactly the error that a client's connect(2) would.
enum Dialler {
    struct Failure: Error {
        var errno: CInt
    }

    /// 0, or the errno of the failed connect.
    static func connect(_ path: String) -> CInt {
        withUnix(path) { connect($0, $1, SOCK_STREAM) }
    }

    static func connect(port: Int) -> CInt {
        withInet(port) { connect($0, $1, SOCK_STREAM) }
    }

    static func listen(_ path: String) throws -> CInt {
        let descriptor = socket(AF_UNIX, CInt(SOCK_STREAM.rawValue), 0)
        let outcome = withUnix(path) { Glibc.bind(descriptor, $0, $1) == 0 ? Glibc.listen(descriptor, 64) : -1 }
        guard outcome == 0 else { throw Failure(errno: errno) }
        return descriptor
    }

    /// A listening socket on a port that nobody else can share.
    static func listenWithoutSharing() throws -> (descriptor: CInt, port: Int) {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        let outcome = withInet(0) { Glibc.bind(descriptor, $0, $1) == 0 ? Glibc.listen(descriptor, 64) : -1 }
        guard outcome == 0 else { throw Failure(errno: errno) }
        return (descriptor, port(of: descriptor))
    }

    /// A bound socket that does not listen, on a port that may be shared.
    static func reservePort() throws -> (port: Int, descriptor: CInt) {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var one: CInt = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &one, socklen_t(MemoryLayout<CInt>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<CInt>.size))
        guard withInet(0, { Glibc.bind(descriptor, $0, $1) }) == 0 else { throw Failure(errno: errno) }
        return (port(of: descriptor), descriptor)
    }

    private static func connect(_ address: UnsafePointer<sockaddr>, _ length: socklen_t, _ type: __socket_type) -> CInt
    {
        let descriptor = socket(CInt(address.pointee.sa_family), CInt(type.rawValue), 0)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        return Glibc.connect(descriptor, address, length) == 0 ? 0 : errno
    }

    private static func port(of descriptor: CInt) -> Int {
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { _ = getsockname(descriptor, $0, &length) }
        }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func withUnix(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private static func withInet(_ port: Int, _ body: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}

/// A thread that connects again and again until it is stopped.
final class Caller: Sendable {
    private struct State {
        var attempts = 0
        var failures: [CInt: Int] = [:]
        var isStopped = false
        var finished: CheckedContinuation<[CInt: Int], Never>?
    }

    private let state = Mutex(State())
    private let connect: @Sendable () -> CInt

    init(_ connect: @escaping @Sendable () -> CInt) {
        self.connect = connect
    }

    var attempts: Int { state.withLock { $0.attempts } }

    func start() {
        Thread.detachNewThread { [self] in
            while !state.withLock({ $0.isStopped }) {
                let outcome = connect()
                // Leaves the processor to those who accept, on a machine with few.
                usleep(100)
                state.withLock { state in
                    state.attempts += 1
                    if outcome != 0 { state.failures[outcome, default: 0] += 1 }
                }
            }
            let (waiting, failures) = state.withLock { ($0.finished, $0.failures) }
            waiting?.resume(returning: failures)
        }
    }

    /// The failures by errno.
    func stop() async -> [CInt: Int] {
        await withCheckedContinuation { continuation in
            state.withLock { state in
                state.finished = continuation
                state.isStopped = true
            }
        }
    }
}
