import Testing

@testable import RecoveryCore

/// One row for each guard that must block a request that would else be made.
struct GuardCase: Sendable, CustomTestStringConvertible {
    var name: String
    var refusal: FailoverRefusal
    var change: @Sendable (inout FailoverSurvey<String>) -> Void

    init(
        _ name: String, _ refusal: FailoverRefusal, _ change: @escaping @Sendable (inout FailoverSurvey<String>) -> Void
    ) {
        self.name = name
        self.refusal = refusal
        self.change = change
    }

    var testDescription: String { name }

    static let all: [GuardCase] = [
        GuardCase("the survey is about another master", .noMaster) { $0.master = "z" },
        GuardCase("no Sentinel answers", .noSentinelMajority) { $0.sentinels = [] },
        GuardCase("a minority of the Sentinels answers", .noSentinelMajority) { $0.sentinels.removeLast(2) },
        GuardCase("three of six Sentinels answer", .noSentinelMajority) { survey in
            survey.knownSentinels = 6
        },
        GuardCase("a Sentinel names another master", .failoverUnderWay) { $0.sentinels[2].master = "x" },
        GuardCase("a Sentinel knows a newer epoch", .failoverUnderWay) { $0.sentinels[0].epoch = 2 },
        GuardCase("another Sentinel leads a failover", .failoverUnderWay) { $0.sentinels[0].failoverPending = true },
        GuardCase("a replica has been promoted", .failoverUnderWay) { $0.replicas[0].state?.isReplica = false },
        GuardCase("there is no replica", .noReplica) { $0.replicas = [] },
        GuardCase("no replica answers", .noWitness) { survey in
            for index in survey.replicas.indices { survey.replicas[index].state = nil }
        },
        GuardCase("both replicas hear the master", .replicasDisagree) { survey in
            for index in survey.replicas.indices { survey.replicas[index].state?.isLinkUp = true }
        },
        GuardCase("one of two replicas hears the master", .replicasDisagree) {
            $0.replicas[1].state?.isLinkUp = true
        },
        GuardCase("the links were down before anything happened", .replicasDisagree) { survey in
            for index in survey.replicas.indices { survey.replicas[index].state?.linkDownSeconds = 30 }
        },
        GuardCase("the replicas follow somebody else", .replicasDisagree) { survey in
            for index in survey.replicas.indices { survey.replicas[index].state?.master = "z" }
        },
        GuardCase("no replica may be promoted", .noCandidate) { survey in
            for index in survey.replicas.indices { survey.replicas[index].state?.priority = 0 }
        },
        GuardCase("one of four replicas answers: two of five observers", .noObserverMajority) { survey in
            survey.replicas[1].state = nil
            survey.replicas += [ReplicaView("z", nil), ReplicaView("w", nil)]
        },
        GuardCase("the peers reach the master", .noObserverMajority) { survey in
            survey.peers = [PeerView("web-2", missesMaster: false), PeerView("web-3", missesMaster: false)]
        },
        GuardCase("the peers do not answer", .noObserverMajority) { survey in
            survey.peers = [PeerView("web-2", missesMaster: nil), PeerView("web-3", missesMaster: nil)]
        },
        GuardCase("the chosen Sentinel has no quorum", .noQuorum) { $0.sentinels[1].hasQuorum = false },
    ]
}

@Suite struct AssistedFailoverGuardTests {
    @Test(arguments: GuardCase.all) func blocks(row: GuardCase) {
        var scene = FailoverScene()
        scene.crash()
        scene.send(.surveyed(deadMasterSurvey(row.change)))
        #expect(scene.requests.isEmpty)
        #expect(scene.refusals == [row.refusal])
        #expect(scene.machine.counts.refusals == [row.refusal: 1])
        // The same loss is asked for as soon as the guard lets it pass: nothing else stood in its way.
        scene.pass(.milliseconds(50), answering: deadMasterSurvey())
        #expect(scene.requests.count == 1)
    }

    @Test func everyReasonHasARow() {
        // Those that depend on what happened before, not on the survey, have tests of their own.
        let others: Set<FailoverRefusal> = [
            .neverSeenAlive, .notCertain, .coolingDown, .sentinelRejected, .sentinelLost,
        ]
        #expect(Set(GuardCase.all.map(\.refusal)).union(others) == Set(FailoverRefusal.allCases))
    }

    @Test func aMasterThatWasNeverReachedIsNotReplaced() {
        var scene = FailoverScene(seenAlive: false)
        scene.send(.link("m", .refused))
        scene.pass(.seconds(5), answering: deadMasterSurvey())
        #expect(scene.requests.isEmpty)
        #expect(scene.refusals == [.neverSeenAlive])
    }

    @Test(arguments: [LinkObservation.reset, .refused, .unreachable, .asked])
    func lessThanACrashIsNotCertainAtOnce(observation: LinkObservation) {
        var scene = FailoverScene()
        scene.send(.link("m", observation))
        scene.pass(.milliseconds(550), answering: deadMasterSurvey())
        #expect(scene.requests.isEmpty)
        #expect(scene.refusals.isEmpty)
        scene.pass(.milliseconds(100), answering: deadMasterSurvey())
        #expect(scene.requests.count == 1)
    }

    @Test func aConnectionThatIsMadeAgainIsNoCrash() {
        var scene = FailoverScene()
        scene.send(.link("m", .reset))
        scene.send(.link("m", .asked))
        scene.send(.link("m", .answered))
        scene.pass(.seconds(5), answering: deadMasterSurvey())
        #expect(scene.actions.isEmpty)
    }

    @Test func coolsDownForTwiceSentinelsTimeout() {
        var scene = FailoverScene()
        scene.crash()
        scene.send(.surveyed(deadMasterSurvey()))
        #expect(scene.requests.count == 1)
        scene.send(.answered(.accepted))
        scene.send(.confirmed("x", epoch: 2))
        // The new master crashes too.
        scene.send(.link("x", .asked))
        scene.send(.link("x", .answered))
        scene.pass(.seconds(3), answering: deadMasterSurvey())
        scene.send(.link("x", .reset))
        scene.send(.link("x", .refused))
        let second = deadMasterSurvey { survey in
            survey.master = "x"
            for index in survey.sentinels.indices {
                survey.sentinels[index].master = "x"
                survey.sentinels[index].epoch = 2
            }
            survey.replicas = [ReplicaView("y", State(master: "x", isLinkUp: false))]
        }
        scene.send(.surveyed(second))
        scene.pass(.seconds(6), answering: second)
        #expect(scene.requests.count == 1)
        #expect(scene.refusals == [.coolingDown])
        scene.pass(.seconds(2), answering: second)
        #expect(scene.requests.count == 2)
    }
}
