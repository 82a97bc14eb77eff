import Logging
import NIOCore
import RedisClient

/// The way back from degraded mode, which all sidecars of a cache take together.
extension RedisProxyService {
    /// Settles each wish to go back, until the task is cancelled.
    func returnTogether(_ wishes: AsyncStream<Void>) async {
        for await _ in wishes { await settleReturn() }
    }

    private func settleReturn() async {
        let configuration = configuration
        guard let control = configuration.control, !configuration.peers.isEmpty else { return await goBack() }
        let client = ControlClient(key: control.key, group: watcherGroup)
        let begun = NIODeadline.now()
        var peers = [DegradedReturn.Peer](repeating: .init(), count: configuration.peers.count)
        // A master that is lost again meanwhile is wished for again.
        while !Task.isCancelled, watcher.status.phase.usable != nil {
            await withTaskGroup(of: (Int, Answer).self) { group in
                for (index, peer) in configuration.peers.enumerated() {
                    group.addTask { (index, await Self.ask(peer, client)) }
                }
                for await (index, answer) in group {
                    switch answer {
                    case .said(let degradation): peers[index].answered(degradation)
                    case .nothing: peers[index].kept()
                    case .refused: break
                    }
                }
            }
            let waited = NIODeadline.now() - begun
            if DegradedReturn.isAllowed(peers, waited: waited) {
                if waited >= DegradedReturn.patience {
                    logger.warning("another sidecar still knows no master: going back without it")
                }
                return await goBack()
            }
            try? await Task.sleep(for: DegradedReturn.pace(waited: waited))
        }
    }

    private enum Answer {
        case said(Degradation?)
        case nothing
        /// It is there, and did not want to be asked: too often, or with another clock.
        case refused
    }

    private static func ask(_ peer: RedisEndpoint, _ client: ControlClient) async -> Answer {
        do {
            let report = try await client.ask(
                peer, .status, as: SidecarReport.self, timeout: DegradedReturn.answerWithin)
            return .said(report.degradation)
        } catch ControlError.declined, ControlError.failed {
            return .refused
        } catch {
            return .nothing
        }
    }

    private func goBack() async {
        for shard in shards { try? await shard.eventLoop.submit { shard.value?.returnToMaster() }.get() }
    }

    /// What the event loops say together: as long as one of them waits, this sidecar does.
    func degradation() async -> Degradation? {
        var found: Degradation?
        for shard in shards {
            let one = (try? await shard.eventLoop.submit { shard.value?.degradation }.get()) ?? nil
            if one == .waiting { return .waiting }
            found = found ?? one
        }
        return found
    }
}
