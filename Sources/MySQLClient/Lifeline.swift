internal import Glibc
internal import Synchronization

/// The means to wake a thread that waits for a server: from any thread, at any time.
///
/// It holds a duplicate of the socket. The client library closes its own when it meets an error, and another thread may
/// be given the same number at once; shutting that down would hit a stranger. A duplicate is one end of the same
/// connection, and its number stays taken until ``release()``.
final class Lifeline: Sendable {
    private struct State {
        var descriptor: Int32?
        var isCut = false
    }

    private let state = Mutex(State())

    var isCut: Bool { state.withLock(\.isCut) }

    deinit { release() }

    /// Takes the socket of a connection that was just made. One that was cut before is cut at once. False when this
    /// process has no descriptor left.
    func attach(to socket: Int32) -> Bool {
        state.withLock { state in
            let duplicate = fcntl(socket, F_DUPFD_CLOEXEC, 0)
            guard duplicate >= 0 else { return false }
            state.descriptor = duplicate
            if state.isCut { shutdown(duplicate, Int32(SHUT_RDWR)) }
            return true
        }
    }

    /// Whether the connection stands as far as the kernel knows, which tells a server that is silent from one that is
    /// gone, after the library has given up on it.
    var isStanding: Bool {
        state.withLock { state in
            guard !state.isCut, let descriptor = state.descriptor else { return false }
            var byte: UInt8 = 0
            let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
            return count > 0 || (count < 0 && (errno == EAGAIN || errno == EINTR))
        }
    }

    /// Ends the connection both ways. Whoever reads or writes gets an error now; doing it again does nothing.
    func cut() {
        state.withLock { state in
            state.isCut = true
            if let descriptor = state.descriptor { shutdown(descriptor, Int32(SHUT_RDWR)) }
        }
    }

    func release() {
        state.withLock { state in
            if let descriptor = state.descriptor { close(descriptor) }
            state.descriptor = nil
        }
    }
}
