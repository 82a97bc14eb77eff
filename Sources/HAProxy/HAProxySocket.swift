internal import Foundation
internal import Glibc

/// HAProxy's runtime socket: one command for each connection, answered and closed
/// (<https://docs.haproxy.org/2.6/management.html#9.3>).
package struct HAProxySocket: Sendable {
    private static let mostBytes = 1 << 20

    private let path: String

    package init(path: String) { self.path = path }

    /// Where a server of a backend is.
    package struct Server: Sendable, Hashable, Codable {
        package var address: String
        package var port: Int
        /// `srv_op_state` is 2: its checks succeed, or it has none.
        package var isUp: Bool
    }

    /// A server that is named `backend/server`.
    package func server(_ server: String) throws(HAProxyError) -> Server {
        let parts = server.split(separator: "/")
        guard parts.count == 2 else { throw HAProxyError("\(server) is no backend/server") }
        let answer = try command("show servers state \(parts[0])")
        let lines = answer.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        guard let head = lines.first(where: { $0.first == "#" })?.dropFirst().map(\.self) else {
            throw HAProxyError(answer.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        for line in lines where line.count == head.count && line.first != "#" {
            let fields = Dictionary(zip(head, line), uniquingKeysWith: { first, _ in first })
            guard fields["be_name"] == String(parts[0]), fields["srv_name"] == String(parts[1]) else { continue }
            guard let address = fields["srv_addr"], let port = fields["srv_port"].flatMap({ Int($0) }) else { break }
            return Server(address: address, port: port, isUp: fields["srv_op_state"] == "2")
        }
        throw HAProxyError("it has no server \(server)")
    }

    /// Sends new connections elsewhere, and looks whether that is so; those that are there go on. The address is an IP
    /// address: HAProxy looks up no names here.
    package func move(_ server: String, address: String, port: Int) throws(HAProxyError) {
        let answer = try command("set server \(server) addr \(address) port \(port)")
        let now = try self.server(server)
        guard now.address == address, now.port == port else {
            throw HAProxyError(answer.trimmingCharacters(in: .whitespacesAndNewlines))
        }
    }

    /// Sends new connections elsewhere, ends those that are there, and looks whether that is so. The address is an IP
    /// address: HAProxy looks up no names here.
    package func set(_ server: String, address: String, port: Int) throws(HAProxyError) {
        try move(server, address: address, port: port)
        _ = try command("shutdown sessions server \(server)")
    }

    /// One command's answer.
    package func command(_ text: String) throws(HAProxyError) -> String {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure() }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 5, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw HAProxyError("\(path) is too long for a socket")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let size = socklen_t(MemoryLayout<sockaddr_un>.size)
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, size) }
        }
        guard connected == 0 else { throw failure() }
        let bytes = Array("\(text)\n".utf8)
        guard send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw failure()
        }
        var answer: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 16 << 10)
        while answer.count < Self.mostBytes {
            let count = recv(descriptor, &piece, piece.count, 0)
            if count == 0 { return String(decoding: answer, as: UTF8.self) }
            guard count > 0 else { throw failure() }
            answer += piece[..<count]
        }
        throw HAProxyError("its answer has no end")
    }

    private func failure() -> HAProxyError { HAProxyError("\(path): \(String(cString: strerror(errno)))") }
}
