import Foundation
import RESP

/// A client connection with blocking reads and writes, as PHP's extension has: what is measured with it includes the
/// system calls and context switches that a PHP worker would make. One thread uses it at a time.
package final class BlockingConnection {
    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    /// The bytes of `buffer` that hold what was read and not yet consumed.
    private var unread = 0..<0
    private var framer = ReplyFramer()

    package init(host: String, port: UInt16) throws {
        var address = try sockaddr_in(host: host, port: port)
        descriptor = try Self.open(AF_INET, &address)
        var on: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
    }

    package init(path: String) throws {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        guard path.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else {
            throw LoopbackError("the path of the socket is too long: \(path)")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        descriptor = try Self.open(AF_UNIX, &address)
    }

    deinit {
        close(descriptor)
    }

    private static func open<Address>(_ family: Int32, _ address: inout Address) throws -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw LoopbackError.system("socket") }
        let result = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                connect(descriptor, $0.baseAddress, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard result == 0 else {
            let error = LoopbackError.system("connect")
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// How long reads and writes wait before they throw `timedOut`; forever when never called.
    package func setTimeout(seconds: Int) {
        var time = timeval(tv_sec: seconds, tv_usec: 0)
        let length = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, length)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, length)
    }

    /// Sends all of `bytes`.
    package func send(_ bytes: UnsafeRawBufferPointer) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            if count < 0 {
                if errno == EINTR { continue }
                throw LoopbackError.system("send")
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    package func send(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try send($0) }
    }

    /// Says that nothing more will be sent, and goes on reading.
    package func finishSending() {
        shutdown(descriptor, Int32(SHUT_WR))
    }

    /// Reads `count` replies and returns how many of them were errors.
    @discardableResult
    package func receive(_ count: Int) throws -> Int {
        var errors = 0
        for _ in 0..<count where buffer[try nextReply().lowerBound] == ASCII.minus { errors += 1 }
        return errors
    }

    /// Reads one reply, as it came.
    package func receiveReply() throws -> [UInt8] {
        Array(buffer[try nextReply()])
    }

    /// Reads and forgets whatever comes, reply or not, until the peer closes. Throws what ended it.
    package func readToEnd() throws {
        while true {
            unread = 0..<0
            try readMore()
        }
    }

    /// Whatever has come, one byte at least.
    package func receiveSome() throws -> [UInt8] {
        if unread.isEmpty { try readMore() }
        defer { unread = 0..<0 }
        return Array(buffer[unread])
    }

    /// Sends a command and reads its reply.
    package func call(_ arguments: String...) throws -> [UInt8] {
        try send(Self.encoded(arguments.map { Array($0.utf8) }))
        return try receiveReply()
    }

    /// A command as the array of bulk strings that clients send.
    package static func encoded(_ arguments: [[UInt8]]) -> [UInt8] {
        var bytes = Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments {
            bytes += Array("$\(argument.count)\r\n".utf8)
            bytes += argument
            bytes += [0x0D, 0x0A]
        }
        return bytes
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
        if count == 0 { throw LoopbackError("the connection was closed", kind: .closed) }
        guard count > 0 else { throw LoopbackError.system("read") }
        unread = unread.lowerBound..<(unread.upperBound + count)
    }
}
