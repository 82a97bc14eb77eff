import Foundation
import Synchronization

/// A server that speaks just enough of MySQL's protocol to lie to its clients, one after the other. What it does with
/// each is a script; the connection ends with it.
///
/// The packets: "Protocol::HandshakeV10" and "Generic Response Packets" of the MySQL source documentation.
package final class ScriptedDatabase: Sendable {
    package let place: LoopbackPlace
    private let descriptor: Int32
    private let isStopping = Atomic(false)
    private let done = DispatchSemaphore(value: 0)
    private let bytes = Mutex<[UInt8]>([])

    /// Everything that clients have sent.
    package var received: [UInt8] { bytes.withLock { $0 } }

    /// Listens at once, and plays `script` from a thread of its own for each client.
    package init(_ script: @escaping @Sendable (Client) throws -> Void) throws {
        place = try LoopbackPlace(address: LoopbackPlace.randomNetwork() + ".1")
        descriptor = try listener(at: place)
        Thread { [self] in serve(script) }.start()
    }

    /// Ends the thread. Clients are served no more.
    package func stop() {
        guard !isStopping.exchange(true, ordering: .relaxed) else { return }
        done.wait()
        close(descriptor)
    }

    private func serve(_ script: (Client) throws -> Void) {
        while !isStopping.load(ordering: .relaxed) {
            var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&entry, 1, 20) > 0 else { continue }
            let socket = accept(descriptor, nil, nil)
            guard socket >= 0 else { continue }
            let client = Client(socket: socket) { more in self.bytes.withLock { $0 += more } }
            // A client that leaves in the middle is what most scripts are about.
            try? script(client)
            close(socket)
        }
        done.signal()
    }

    /// The server's end of a connection.
    package struct Client {
        let socket: Int32
        let note: ([UInt8]) -> Void

        /// Says hello, naming the login and its nonce. TLS is not offered.
        package func greet(login: String = "caching_sha2_password", version: String = "9.7.0") throws {
            // Protocol 4.1, transactions, secure connection, pluggable logins, a database at once, several results.
            let capabilities: UInt32 = 0x1 | 0x8 | 0x200 | 0x2000 | 0x8000 | 0x2_0000 | 0x8_0000
            let low = [UInt8(capabilities & 0xFF), UInt8(capabilities >> 8 & 0xFF)]
            let high = [UInt8(capabilities >> 16 & 0xFF), UInt8(capabilities >> 24)]
            try send(
                [10] + Array(version.utf8) + [0, 7, 0, 0, 0] + Array("12345678".utf8) + [0] + low + [45, 2, 0] + high
                    + [21] + [UInt8](repeating: 0, count: 10) + Array("abcdefghijkl".utf8) + [0] + Array(login.utf8)
                    + [0], number: 0)
        }

        /// Accepts whatever login comes.
        package func admit() throws {
            try greet(login: "mysql_native_password")
            try receive()
            try sendOK(number: 2)
        }

        package func sendOK(number: UInt8) throws { try send([0, 0, 0, 2, 0, 0, 0], number: number) }

        /// Sends a packet; `number` counts those of an exchange in both directions.
        package func send(_ packet: [UInt8], number: UInt8) throws {
            let size = packet.count
            try sendRaw([UInt8(size & 0xFF), UInt8(size >> 8 & 0xFF), UInt8(size >> 16 & 0xFF), number] + packet)
        }

        package func sendRaw(_ bytes: [UInt8]) throws {
            guard Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
                throw LoopbackError.system("send")
            }
        }

        /// What the client sends next, which may be a part of a packet or several. Waits for at most ten seconds.
        @discardableResult package func receive() throws -> [UInt8] {
            var time = timeval(tv_sec: 10, tv_usec: 0)
            setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
            var buffer = [UInt8](repeating: 0, count: 65536)
            let count = recv(socket, &buffer, buffer.count, 0)
            guard count > 0 else { throw LoopbackError("the client sends nothing more", kind: .closed) }
            note(Array(buffer[..<count]))
            return Array(buffer[..<count])
        }

        /// Returns when the client closes.
        package func waitForEnd() throws { while true { try receive() } }
    }
}
