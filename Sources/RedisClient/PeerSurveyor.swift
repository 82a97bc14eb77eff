import NIOCore
import RecoveryCore
import Synchronization

/// Asks the other observers what they see of a master, while Sentinels and replicas are asked.
///
/// A peer that is dead must not delay a survey: each has a moment, twice as long after a silence, so that one on a slow
/// path is heard by one of the surveys that follow. Who is not heard does not agree.
final class PeerSurveyor: Sendable {
    private static let firstPatience = TimeAmount.milliseconds(20)
    private static let mostPatience = TimeAmount.milliseconds(160)

    private let settings: PeerSettings
    private let service: String
    private let client: ControlClient
    private let patience: Mutex<[RedisEndpoint: TimeAmount]> = Mutex([:])

    init(_ settings: PeerSettings, service: String, group: any EventLoopGroup) {
        self.settings = settings
        self.service = service
        client = ControlClient(key: settings.key, group: group)
    }

    func survey(master: RedisEndpoint) async -> [PeerView] {
        await withTaskGroup(of: PeerView.self) { group in
            for peer in settings.endpoints {
                group.addTask { PeerView(peer.description, missesMaster: await self.ask(peer, about: master)) }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
    }

    /// Nil when it does not answer, or watches another master.
    private func ask(_ peer: RedisEndpoint, about master: RedisEndpoint) async -> Bool? {
        let limit = patience.withLock { $0[peer] ?? Self.firstPatience }
        do {
            let seen = try await client.ask(peer, .observe, as: Observation.self, timeout: limit)
            patience.withLock { $0[peer] = nil }
            guard seen.service == service, seen.master == master.description else { return nil }
            return seen.misses
        } catch {
            patience.withLock { $0[peer] = min(Self.mostPatience, limit + limit) }
            return nil
        }
    }
}
