import Foundation
import Synchronization

/// Stands before an HTTP server and spoils some of what passes, as its script says. It takes one request for each
/// connection; headers and bodies pass as they are, so that signatures hold.
package final class FaultyProxy: Sendable {
    package enum Fault: Sendable, Hashable {
        /// The server never hears of it: `503 SlowDown`, as S3 says it.
        case slowDown
        /// The connection is reset before the server has seen a byte.
        case refused
        /// The server carries the request out; the client gets a reset instead of the answer.
        case answerLost
        /// The answer ends in its middle.
        case answerCut
        /// It takes a while.
        case late(milliseconds: Int)
    }

    package struct Request: Sendable {
        /// Counted from 0.
        package let number: Int
        package let method: String
        /// Path and query.
        package let target: String
    }

    package let place: LoopbackPlace
    private let server: LoopbackPlace
    private let descriptor: Int32
    private let script: @Sendable (Request) -> Fault?
    private let requests = Atomic(0)
    private let stopping = Atomic(false)
    private let down = Atomic(false)
    private let done = DispatchSemaphore(value: 0)

    /// How many requests have come.
    package var requestCount: Int { requests.load(ordering: .relaxed) }

    /// Listens at once, on an address of its own.
    ///
    /// - Parameters:
    ///   - server: Where requests go on to.
    ///   - script: Says what happens to a request; called on several threads.
    /// - Throws: `LoopbackError` when it cannot listen.
    package init(before server: LoopbackPlace, _ script: @escaping @Sendable (Request) -> Fault? = { _ in nil }) throws
    {
        self.server = server
        self.script = script
        place = try LoopbackPlace(address: "\(LoopbackPlace.randomNetwork()).7")
        descriptor = try listener(at: place)
        Thread { [self] in serve() }.start()
    }

    /// While it is, everybody is refused.
    package var isDown: Bool {
        get { down.load(ordering: .relaxed) }
        set { down.store(newValue, ordering: .relaxed) }
    }

    package func stop() {
        guard !stopping.exchange(true, ordering: .relaxed) else { return }
        done.wait()
        close(descriptor)
    }

    private func serve() {
        while !stopping.load(ordering: .relaxed) {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 50) > 0 else { continue }
            let client = accept(descriptor, nil, nil)
            guard client >= 0 else { continue }
            Thread { [self] in
                let socket = ProxiedSocket(owning: client)
                if !pass(socket) { socket.reset() }
            }.start()
        }
        done.signal()
    }

    /// False when the connection is to be reset.
    private func pass(_ client: ProxiedSocket) -> Bool {
        guard !isDown, let message = client.request() else { return false }
        let words = message.head.prefix { $0 != 13 }.split(separator: 32).map { String(decoding: $0, as: UTF8.self) }
        guard words.count == 3 else { return false }
        let number = requests.add(1, ordering: .relaxed).oldValue
        let fault = script(Request(number: number, method: words[0], target: words[1]))
        switch fault {
        case .slowDown:
            client.send(Self.slowDown)
            return true
        case .refused: return false
        case .late(let milliseconds): usleep(UInt32(milliseconds) * 1000)
        case .answerLost, .answerCut, nil: break
        }
        guard !isDown, let server = ProxiedSocket(to: server) else { return false }
        // A connection for each request ends with the answer, whose length need not be understood then.
        let lineEnd = (message.head.firstIndex(of: 10) ?? 0) + 1
        server.send(message.head[..<lineEnd] + Array("Connection: close\r\n".utf8) + message.head[lineEnd...])
        server.send(message.body)
        if fault == .answerLost {
            while let piece = server.receive(), !piece.isEmpty {}
            return false
        }
        if fault == .answerCut {
            let (head, body) = server.answer()
            client.send(body.isEmpty ? Array(head.prefix(head.count / 2)) : head + body.prefix(body.count / 2))
            return false
        }
        while let piece = server.receive(), !piece.isEmpty {
            guard !isDown, client.send(piece) else { return false }
        }
        return true
    }

    private static let slowDown: [UInt8] = {
        let document = "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Reduce your rate</Message></Error>"
        return Array(
            ("HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nConnection: close\r\n"
                + "Content-Length: \(document.utf8.count)\r\n\r\n\(document)").utf8)
    }()

    /// A script that is the same for the same seed: so many of a thousand requests meet each fault.
    package static func random(seed: UInt64, perMille: [(Fault, Int)]) -> @Sendable (Request) -> Fault? {
        let generator = Mutex(SeededGenerator(seed: seed))
        return { _ in
            var number = generator.withLock { Int.random(in: 0..<1000, using: &$0) }
            for (fault, share) in perMille {
                if number < share { return fault }
                number -= share
            }
            return nil
        }
    }
}

/// One end of a connection, with blocking reads and writes, closed when it goes.
private final class ProxiedSocket {
    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 128 << 10)

    init(owning descriptor: Int32) {
        self.descriptor = descriptor
        // Nobody waits for ever.
        var time = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    convenience init?(to place: LoopbackPlace) {
        guard var name = try? sockaddr_in(host: place.address, port: place.port) else { return nil }
        self.init(owning: socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0))
        let isConnected = withUnsafeMutableBytes(of: &name) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                connect(descriptor, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else { return nil }
    }

    deinit { close(descriptor) }

    /// Makes the end that follows a reset.
    func reset() {
        var option = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    @discardableResult func send(_ bytes: [UInt8]) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.send(descriptor, raw.baseAddress.map { $0 + sent }, raw.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// What has come; empty at the end, nil for an error.
    func receive() -> [UInt8]? {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        return count < 0 ? nil : Array(buffer[..<count])
    }

    /// A whole request; nil when the client ends before.
    func request() -> (head: [UInt8], body: [UInt8])? {
        var bytes: [UInt8] = []
        while true {
            if let end = Self.headEnd(of: bytes) {
                let head = Array(bytes[..<end])
                let text = String(decoding: head, as: UTF8.self).lowercased()
                let length =
                    text.split(separator: "\r\n").first { $0.hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst(15).drop { $0 == " " }) } ?? 0
                if bytes.count >= end + length { return (head, Array(bytes[end..<(end + length)])) }
            }
            guard let piece = receive(), !piece.isEmpty else { return nil }
            bytes += piece
        }
    }

    /// All that comes until the end.
    func answer() -> (head: [UInt8], body: [UInt8]) {
        var bytes: [UInt8] = []
        while let piece = receive(), !piece.isEmpty { bytes += piece }
        let end = Self.headEnd(of: bytes) ?? bytes.count
        return (Array(bytes[..<end]), Array(bytes[end...]))
    }

    private static func headEnd(of bytes: [UInt8]) -> Int? {
        let mark: [UInt8] = [13, 10, 13, 10]
        guard bytes.count >= 4 else { return nil }
        // Heads are short.
        return (0...min(bytes.count - 4, 64 << 10)).first { bytes[$0..<($0 + 4)].elementsEqual(mark) }.map { $0 + 4 }
    }
}
