internal import ShopRows
package import Topology

/// A random schedule of faults. Pure: the same seed, duration and abilities give the same schedule, on any machine.
package struct ChaosSchedule: Sendable, Equatable {
    /// One fault, how long it lasts, and how long the store has peace after it has healed.
    package struct Round: Sendable, Equatable {
        package var steps: [Scenario.Step]
        package var lasts: Duration
        package var calm: Duration
    }

    package var seed: UInt64
    /// What the store is: drawn, so that many seeds try both.
    package var role: RedisTopology.Role
    package var rounds: [Round]

    /// No round is shorter than this, so a duration needs at most so many.
    private static let shortest: Duration = .seconds(2)

    /// - Parameters:
    ///   - seed: what everything is drawn from.
    ///   - duration: how long faults go on at least, unless the steps take longer.
    ///   - network: whether links can be cut.
    package init(seed: UInt64, duration: Duration, network: Bool) {
        self.seed = seed
        var draw = SplitMix(seed: seed)
        role = draw.below(2) == 0 ? .store : .cache
        let kinds = Self.kinds(network: network)
        let count = max(1, Int(duration / Self.shortest))
        rounds = (0..<count).map { _ in
            let steps = kinds[draw.below(kinds.count)](&draw)
            return Round(
                steps: steps, lasts: .milliseconds(300 + draw.below(3700)), calm: .milliseconds(500 + draw.below(2500)))
        }
    }

    private typealias Kind = @Sendable (inout SplitMix) -> [Scenario.Step]

    /// Named more than once is drawn more often.
    private static func kinds(network: Bool) -> [Kind] {
        let processes: [Kind] = [
            { _ in [.inject(Fault(.kill, .master))] },
            { _ in [.inject(Fault(.kill, .master))] },
            { _ in [.inject(Fault(.stop, .master))] },
            // A restart: the repair follows at once.
            { _ in [.inject(Fault(.kill, .master)), .repair] },
            { draw in [.inject(Fault(.kill, .sentinel(draw.below(3))))] },
            { draw in [.inject(Fault(.kill, .sentinel(draw.below(3)))), .inject(Fault(.kill, .master))] },
            { draw in [.inject(Fault(.kill, draw.below(2) == 0 ? .replica : .lastReplica))] },
            { draw in [.inject(Fault(.failover, .sentinel(draw.below(3))))] },
            // Sentinel declines until it has heard from the replicas of the master before.
            { _ in [.observe(.seconds(2)), .inject(Fault(.switchover, .master))] },
        ]
        let links: [Kind] = [
            { draw in
                [.disturb(.isolate([.master, .sentinel(draw.below(3)), .sidecar(draw.below(3))]))]
            },
            { _ in [.disturb(.isolate([.master]))] },
            { draw in [.disturb(.isolate([.sidecar(draw.below(3))]))] },
            { draw in [.disturb(.sever([.sentinel(draw.below(3))], from: [.master]))] },
            { _ in [.disturb(.sever([.master], from: [.replicas]))] },
            { draw in
                [
                    .disturb(.sever([.master], from: [.replicas])), .observe(.milliseconds(200 + draw.below(800))),
                    .inject(Fault(.kill, .master)),
                ]
            },
        ]
        return network ? processes + links : processes
    }
}

extension Scenario {
    package static let chaosName = "redis-chaos"
    package static let chaosSummary = "faults drawn at random from --seed, for --duration, with peace in between"

    package static func chaos(seed: UInt64, duration: Duration, network: Bool) -> Scenario {
        let schedule = ChaosSchedule(seed: seed, duration: duration, network: network)
        var expectations = Expectations(stall: duration, failover: nil)
        expectations.errors = .any
        expectations.isRandom = true
        var scenario = Scenario(
            chaosName, summary: "\(chaosSummary) (seed \(seed), role \(schedule.role.rawValue))",
            steps: schedule.rounds.flatMap { round in
                round.steps + [.observe(round.lasts), .repair, .awaitHealed, .observe(round.calm)]
            },
            requirements: Requirements(persistence: true, network: network, role: schedule.role, durable: true),
            expectations: expectations)
        scenario.budget = duration
        scenario.seed = seed
        return scenario
    }
}
