import ShopRows
import Testing
import Topology

@testable import Drills

@Suite struct LinkTests {
    @Test func countersAreReadFromTheListing() {
        let listing = """
            table bridge breakwater {
            \tchain cut {
            \t\ttype filter hook forward priority filter; policy accept;
            \t\tip saddr 10.231.0.1 ip daddr { 10.231.0.2, 10.231.0.3 } counter packets 17 bytes 1020 drop
            \t\tip saddr 10.231.0.2 ip daddr 10.231.0.1 counter packets 0 bytes 0 drop
            \t}
            }
            """
        #expect(LinkInjector.counters(in: listing) == [17, 0])
        #expect(LinkInjector.counters(in: "") == [])
        #expect(LinkInjector.counters(in: "counter packets") == [])
    }

    @Test func changesAreReadFromInfo() {
        #expect(OldMasterWatch.changes(in: "# Persistence\r\nloading:0\r\nrdb_changes_since_last_save:41\r\n") == 41)
        #expect(OldMasterWatch.changes(in: "rdb_changes_since_last_save:x") == nil)
        #expect(OldMasterWatch.changes(in: "") == nil)
    }

    @Test func aFaultKnowsWhetherItStrikesTheMaster() {
        #expect(LinkFault.isolate([.sentinel(0), .master]).strikesMaster)
        #expect(LinkFault.sever([.replicas], from: [.master]).strikesMaster)
        #expect(!LinkFault.sever([.formerMaster], from: [.allSentinels]).strikesMaster)
        #expect(LinkFault.slow(.master, Impairment(delay: .zero, jitter: .zero, loss: 1)).strikesMaster)
    }

    /// A variable that somebody set does not make a network of one's own.
    @Test func thisProcessHasNoNetworkOfItsOwn() async {
        #expect(!OwnNetwork.isEntered)
        await #expect(throws: DrillError.self) { try await HostNetwork.build(["a"]) }
    }

    @Test(arguments: Scenario.separated)
    func scenariosThatCutLinksSayThatTheyNeedThem(scenario: Scenario) {
        #expect(scenario.requirements.network)
        let topology = DrillTopology.separated(scenario.requirements)
        #expect(topology.redis?.role == scenario.requirements.role ?? .store)
        #expect(topology.redis?.durable == (scenario.requirements.durable ? [ClientKeys.durablePrefix] : []))
        #expect(topology.redis?.failover == .assisted)
    }
}

@Suite struct ChaosScheduleTests {
    @Test(arguments: [UInt64(1), 2, 3, 99, .max])
    func theSameSeedGivesTheSameSchedule(seed: UInt64) {
        let one = ChaosSchedule(seed: seed, duration: .seconds(180), network: true)
        #expect(one == ChaosSchedule(seed: seed, duration: .seconds(180), network: true))
        #expect(one != ChaosSchedule(seed: seed &+ 1, duration: .seconds(180), network: true))
        // A longer one begins alike, so that a finding can be looked at with less or more around it.
        let longer = ChaosSchedule(seed: seed, duration: .seconds(600), network: true)
        #expect(longer.rounds.prefix(one.rounds.count) == one.rounds[...])
    }

    /// The generator's numbers are written down: a seed in somebody's report must mean the same next year.
    @Test func theGeneratorIsWhatItWas() {
        var draw = SplitMix(seed: 1_234_567)
        #expect(
            [draw.next(), draw.next(), draw.next()] == [
                6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
            ])
    }

    @Test func bothRolesAndEveryFaultAreDrawn() {
        let schedules = (UInt64(1)...10).map { ChaosSchedule(seed: $0, duration: .seconds(180), network: true) }
        #expect(Set(schedules.map(\.role)).count == 2)
        let steps = schedules.flatMap(\.rounds).flatMap(\.steps)
        for action in [Fault.Action.kill, .stop, .failover, .switchover] {
            #expect(steps.contains { if case .inject(let fault) = $0 { fault.action == action } else { false } })
        }
        #expect(steps.contains { if case .disturb = $0 { true } else { false } })
        for round in schedules.flatMap(\.rounds) {
            #expect(round.lasts >= .milliseconds(300) && round.calm >= .milliseconds(500) && !round.steps.isEmpty)
        }
    }

    @Test func withoutANetworkNoLinkIsCut() {
        let scenario = Scenario.chaos(seed: 7, duration: .seconds(180), network: false)
        #expect(!scenario.requirements.network)
        #expect(!scenario.steps.contains { if case .disturb = $0 { true } else { false } })
        #expect(scenario.seed == 7 && scenario.budget == .seconds(180))
        #expect(scenario.steps.contains(.awaitHealed))
    }
}
