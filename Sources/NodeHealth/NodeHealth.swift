internal import Foundation
package import RecoveryCore
internal import ServiceLifecycle
internal import Synchronization

/// Keeps the board of one web node up to date: each probe in its own rhythm, however many ask.
package final class NodeHealth: Service {
    private let probes: [HealthProbe]
    private let drainFile: String
    private let board: Mutex<HealthBoard>

    /// - Parameters:
    ///   - probes: In the order in which they are shown.
    ///   - strict: Names of shared checks that count for the balancer, too.
    ///   - drainFile: The node is drained as long as this file is there, also after a restart.
    package init(_ probes: [HealthProbe], strict: Set<String> = [], drainFile: String) {
        self.probes = probes
        self.drainFile = drainFile
        board = Mutex(HealthBoard(probes.map(\.check), strict: strict))
    }

    package func run() async {
        await withTaskGroup { group in
            for probe in probes { group.addTask { await self.follow(probe) } }
            group.addTask { await self.followDrainFile() }
            try? await gracefulShutdown()
            group.cancelAll()
        }
    }

    private func follow(_ probe: HealthProbe) async {
        while true {
            let begin = Self.uptime
            guard let finding = try? await probe.run() else { return }
            let end = Self.uptime
            board.withLock { $0.note(probe.check.name, finding, latency: end - begin, uptime: end) }
            do { try await Task.sleep(for: probe.check.interval) } catch { return }
        }
    }

    private func followDrainFile() async {
        repeat {
            let isDraining = FileManager.default.fileExists(atPath: drainFile)
            board.withLock { $0.isDraining = isDraining }
        } while (try? await Task.sleep(for: .milliseconds(200))) != nil
    }

    /// Costs microseconds: nothing is looked at.
    package var verdict: HealthBoard.Verdict { board.withLock { $0.verdict(uptime: Self.uptime) } }

    package var report: HealthBoard.Report { board.withLock { $0.report(uptime: Self.uptime) } }

    private static let start = ContinuousClock.now

    private static var uptime: Duration { ContinuousClock.now - start }
}
