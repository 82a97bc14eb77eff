import NIOCore
import Synchronization

/// The open connections of the admin address: few, and closed together.
final class AdminConnections: Sendable {
    /// Scrapers and probes are few.
    static let limit = 64

    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    /// Takes a new connection in; false when there are too many. It leaves by itself when it closes.
    func admit(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isAdmitted = channels.withLock { channels in
            guard channels.count < Self.limit else { return false }
            channels[id] = channel
            return true
        }
        if isAdmitted {
            channel.closeFuture.whenComplete { _ in
                self.channels.withLock { $0[id] = nil }
            }
        }
        return isAdmitted
    }

    func closeAll() {
        for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }
}
