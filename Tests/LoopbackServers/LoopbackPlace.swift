import Foundation

/// A loopback address with a port that is free on it, and the path of a unix socket.
package struct LoopbackPlace: Sendable {
    package let address: String
    package let port: UInt16
    /// Empty when the server has no unix socket.
    package let socketPath: String

    /// One that is known.
    package init(address: String, port: UInt16, socketPath: String = "") {
        (self.address, self.port, self.socketPath) = (address, port, socketPath)
    }

    /// Asks the kernel for a port that is free on `address`. Another process could take it before the server does; on
    /// an address that nobody else uses that does not happen.
    package init(address: String, socketPath: String = "") throws {
        self.address = address
        self.socketPath = socketPath
        var name = try sockaddr_in(host: address, port: 0)
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw LoopbackError.system("socket") }
        defer { close(descriptor) }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = withUnsafeMutableBytes(of: &name) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                bind(descriptor, $0.baseAddress, length) == 0
                    && getsockname(descriptor, $0.baseAddress, &length) == 0
            }
        }
        guard bound else { throw LoopbackError.system("bind to \(address)") }
        port = UInt16(bigEndian: name.sin_port)
    }

    /// The first three numbers of a network that is, most likely, nobody else's.
    package static func randomNetwork() -> String {
        "127.\(Int.random(in: 20...250)).\(Int.random(in: 1...250))"
    }

    package func connectOverTCP() throws -> BlockingConnection { try BlockingConnection(host: address, port: port) }
    package func connectOverUnix() throws -> BlockingConnection { try BlockingConnection(path: socketPath) }
}

extension sockaddr_in {
    init(host: String, port: UInt16) throws {
        self.init()
        sin_family = sa_family_t(AF_INET)
        sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &sin_addr) == 1 else { throw LoopbackError("\(host) is no IPv4 address") }
    }
}
