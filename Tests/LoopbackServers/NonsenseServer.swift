import Foundation
import Synchronization

/// A server that answers whatever it is asked with the same bytes, as often as it is asked.
package final class NonsenseServer: Sendable {
    private let descriptor: Int32
    private let stopping = Atomic(false)
    private let connections = Atomic(0)
    private let done = DispatchSemaphore(value: 0)

    /// How many connections it has accepted.
    package var accepted: Int { connections.load(ordering: .relaxed) }

    /// Listens on the port of `place` at once and answers from a thread of its own.
    package init(at place: LoopbackPlace, answering bytes: [UInt8]) throws {
        descriptor = try listener(at: place)
        Thread { [self] in serve(bytes) }.start()
    }

    /// Ends the thread and every connection.
    package func stop() {
        guard !stopping.exchange(true, ordering: .relaxed) else { return }
        done.wait()
        close(descriptor)
    }

    private func serve(_ bytes: [UInt8]) {
        var clients: [Int32] = []
        var input = [UInt8](repeating: 0, count: 4096)
        while !stopping.load(ordering: .relaxed) {
            var polled = ([descriptor] + clients).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            guard poll(&polled, nfds_t(polled.count), 50) > 0 else { continue }
            for entry in polled where entry.revents != 0 {
                if entry.fd == descriptor {
                    let client = accept(descriptor, nil, nil)
                    if client >= 0 { clients.append(client) }
                    connections.add(1, ordering: .relaxed)
                } else if read(entry.fd, &input, input.count) <= 0
                    || send(entry.fd, bytes, bytes.count, Int32(MSG_NOSIGNAL)) < 0
                {
                    close(entry.fd)
                    clients.removeAll { $0 == entry.fd }
                }
            }
        }
        for client in clients { close(client) }
        done.signal()
    }
}

/// A socket that listens on the port of `place`.
func listener(at place: LoopbackPlace) throws -> Int32 {
    var name = try sockaddr_in(host: place.address, port: place.port)
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw LoopbackError.system("socket") }
    var on: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout<Int32>.size))
    let isListening = withUnsafeMutableBytes(of: &name) { bytes in
        bytes.withMemoryRebound(to: sockaddr.self) {
            bind(descriptor, $0.baseAddress, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                && listen(descriptor, 64) == 0
        }
    }
    guard isListening else {
        let error = LoopbackError.system("listen on \(place.address):\(place.port)")
        close(descriptor)
        throw error
    }
    return descriptor
}
