import NIOCore
import RecoveryCore

/// The barrier over all sidecars.
struct SwitchoverSidecars: Sendable {
    typealias Survey = Switchover<RedisEndpoint>.Survey
    private static let timeout = TimeAmount.milliseconds(400)

    let settings: SwitchoverSettings
    private let client: ControlClient

    init(_ settings: SwitchoverSettings) {
        self.settings = settings
        client = ControlClient(key: settings.key, group: settings.eventLoopGroup)
    }

    /// What each sidecar says of itself.
    func views() async -> [SidecarView<RedisEndpoint>] {
        await withTaskGroup(of: SidecarView<RedisEndpoint>.self) { group in
            for sidecar in settings.sidecars { group.addTask { await view(of: sidecar) } }
            return await group.reduce(into: []) { $0.append($1) }.sorted { $0.name < $1.name }
        }
    }

    private func view(of sidecar: SwitchoverSettings.Sidecar) async -> SidecarView<RedisEndpoint> {
        do {
            let report = try await client.ask(
                sidecar.control, .status, as: SidecarReport.self, timeout: .seconds(1))
            guard report.service == settings.service else {
                return SidecarView(sidecar.name, nil, reason: "it serves \(report.service)")
            }
            guard report.ready else { return SidecarView(sidecar.name, nil, reason: report.reason ?? "not ready") }
            return SidecarView(
                sidecar.name,
                SidecarView<RedisEndpoint>.State(
                    master: report.master.flatMap { RedisEndpoint(parsing: $0) }, epoch: report.epoch,
                    barrier: report.barrier, hold: .milliseconds(report.holdMs), earlyRelease: report.earlyRelease))
        } catch {
            return SidecarView(sidecar.name, nil, reason: "\(error)")
        }
    }

    /// Reserves one after the other, in one order for everybody: of two switchovers that begin at once one gets the
    /// first sidecar, and that one gets all.
    func claim(_ order: BarrierOrder, _ survey: Survey, _ without: Set<String>) async throws {
        for sidecar in participants(survey) {
            do {
                _ = try await client.ask(
                    sidecar.control, .claim, order, as: BarrierState.self, timeout: Self.timeout)
            } catch {
                throw SidecarFailure(name: sidecar.name, reason: "\(error)")
            }
        }
    }

    /// Holds all at once; returns how many commands are under way still.
    func hold(_ order: BarrierOrder, _ survey: Survey, _ without: Set<String>) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            for sidecar in participants(survey) {
                group.addTask {
                    do {
                        let state = try await client.ask(
                            sidecar.control, .hold, order, as: BarrierState.self, timeout: Self.timeout)
                        guard state.holding else { throw ControlError.failed("it does not hold") }
                        return state.inFlight
                    } catch {
                        throw SidecarFailure(name: sidecar.name, reason: "\(error)")
                    }
                }
            }
            return try await group.reduce(0, +)
        }
    }

    func renew(_ order: BarrierOrder, isHolding: Bool) async {
        await withTaskGroup(of: Void.self) { group in
            for sidecar in settings.sidecars {
                group.addTask {
                    _ = try? await client.ask(
                        sidecar.control, isHolding ? .hold : .claim, order, as: BarrierState.self,
                        timeout: Self.timeout)
                }
            }
        }
    }

    func release(_ id: String, _ outcome: BarrierRelease.Outcome) async {
        let release = BarrierRelease(id: id, outcome: outcome)
        await withTaskGroup(of: Void.self) { group in
            for sidecar in settings.sidecars {
                group.addTask {
                    _ = try? await client.ask(
                        sidecar.control, .release, release, as: SidecarReport.self, timeout: Self.timeout)
                }
            }
        }
    }

    /// Those that answered the survey.
    private func participants(_ survey: Survey) -> [SwitchoverSettings.Sidecar] {
        let answering = Set(survey.sidecars.filter { $0.state != nil }.map(\.name))
        return settings.sidecars.filter { answering.contains($0.name) }.sorted { $0.name < $1.name }
    }
}

private struct SidecarFailure: Error, CustomStringConvertible {
    var name: String
    var reason: String

    var description: String { "the sidecar on \(name): \(reason)" }
}
