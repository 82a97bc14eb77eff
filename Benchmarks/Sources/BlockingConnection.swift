import Foundation
import RESP

/// A client connection with blocking reads and writes, as PHP's extension has: what is measured with it includes the
/// system calls and context switches that a PHP worker would make.
final class BlockingConnection {
    private let descriptor: Int32
    private var buffer: [UInt8]
    /// The bytes of `buffer` that hold what was read and not yet consumed.
    private var unread = 0..<0
    private var framer = ReplyFramer()

    init(host: String, port: UInt16) throws {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        guard inet_pton(AF_INET, host, &address.sin_addr) == 1 else { throw BenchError("\(host) is no IPv4 address") }
        descriptor = try Self.open(AF_INET, &address)
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        buffer = [UInt8](repeating: 0, count: 64 * 1024)
    }

    init(path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw BenchError("the path of the socket is too long: \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        descriptor = try Self.open(AF_UNIX, &address)
        buffer = [UInt8](repeating: 0, count: 64 * 1024)
    }

    deinit {
        close(descriptor)
    }

    private static func open<Address>(_ family: Int32, _ address: inout Address) throws -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw BenchError("socket: \(String(cString: strerror(errno)))") }
        let result = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                connect(descriptor, $0.baseAddress, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard result == 0 else {
            let reason = String(cString: strerror(errno))
            close(descriptor)
            throw BenchError("connect: \(reason)")
        }
        return descriptor
    }

    /// Sends all of `bytes`.
    func send(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            if count < 0 {
                if errno == EINTR { continue }
                throw BenchError("send: \(String(cString: strerror(errno)))")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Reads `count` replies and returns how many of them were errors.
    @discardableResult
    func receive(_ count: Int) throws -> Int {
        var errors = 0
        for _ in 0..<count where try receiveIsError() { errors += 1 }
        return errors
    }

    /// Sends a command and reads its reply.
    func call(_ arguments: String...) throws -> [UInt8] {
        var request = "*\(arguments.count)\r\n"
        for argument in arguments { request += "$\(argument.utf8.count)\r\n\(argument)\r\n" }
        var utf8 = request
        try utf8.withUTF8 { try send(UnsafeRawBufferPointer($0)) }
        let reply = try nextReply()
        return Array(buffer[reply])
    }

    private func receiveIsError() throws -> Bool {
        buffer[try nextReply().lowerBound] == UInt8(ascii: "-")
    }

    /// Where the next reply stands in `buffer`; valid until the next call.
    private func nextReply() throws -> Range<Int> {
        while true {
            let outcome = try buffer.withUnsafeBytes {
                try framer.next(UnsafeRawBufferPointer(rebasing: $0[unread]))
            }
            if case .reply(let length) = outcome {
                let reply = unread.lowerBound..<(unread.lowerBound + length)
                unread = reply.upperBound..<unread.upperBound
                return reply
            }
            try readMore()
        }
    }

    private func readMore() throws {
        if unread.isEmpty {
            unread = 0..<0
        } else if unread.upperBound == buffer.count {
            if unread.lowerBound > buffer.count / 2 {
                buffer.withUnsafeMutableBytes { bytes in
                    bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[unread]))
                }
                unread = 0..<unread.count
            } else {
                buffer.append(contentsOf: repeatElement(0, count: buffer.count))
            }
        }
        let count = buffer.withUnsafeMutableBytes {
            read(descriptor, $0.baseAddress?.advanced(by: unread.upperBound), $0.count - unread.upperBound)
        }
        if count < 0, errno == EINTR { return }
        guard count > 0 else {
            throw BenchError(count == 0 ? "the connection was closed" : "read: \(String(cString: strerror(errno)))")
        }
        unread = unread.lowerBound..<(unread.upperBound + count)
    }
}
