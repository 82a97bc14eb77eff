import NIOCore
import RedisClient

/// Private connections to the master that no session uses at the moment, for the next one that needs the same. It owns
/// them: all that it has to notice is their end.
final class IdleConnections {
    private static let limit = 32

    private var idle: [UpstreamKey: [UpstreamConnection]] = [:]
    private var count = 0

    /// A connection to `master`, given up by its last user; those to another node are closed.
    func take(_ key: UpstreamKey, to master: RedisEndpoint) -> UpstreamConnection? {
        while let upstream = idle[key]?.last {
            drop(upstream)
            if upstream.endpoint == master { return upstream }
            upstream.close()
        }
        return nil
    }

    /// Keeps a connection, or closes it when there are enough.
    func put(_ upstream: UpstreamConnection) {
        guard count < Self.limit else { return upstream.close() }
        upstream.owner = self
        upstream.resumeReading()
        count += 1
        idle[upstream.key, default: []].append(upstream)
    }

    func close(allBut master: RedisEndpoint? = nil) {
        for upstream in idle.values.flatMap({ $0 }) where upstream.endpoint != master {
            drop(upstream)
            upstream.close()
        }
    }

    private func drop(_ upstream: UpstreamConnection) {
        guard var others = idle[upstream.key], let index = others.lastIndex(where: { $0 === upstream }) else { return }
        others.remove(at: index)
        idle[upstream.key] = others.isEmpty ? nil : others
        count -= 1
    }
}

extension IdleConnections: UpstreamOwner {
    func upstreamReady(_ upstream: UpstreamConnection) {}
    func upstreamFailed(_ upstream: UpstreamConnection, _ failure: UpstreamFailure) {}
    /// Nobody asked for anything: such a connection cannot be trusted with the next session.
    func upstreamRead(_ upstream: UpstreamConnection, _ buffer: ByteBuffer) {
        drop(upstream)
        upstream.close()
    }
    func upstreamReadComplete(_ upstream: UpstreamConnection) {}
    func upstreamDrained(_ upstream: UpstreamConnection) {}
    func upstreamLost(_ upstream: UpstreamConnection) { drop(upstream) }
}
