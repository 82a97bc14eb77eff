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
        GuardCase("three peers reach the master: three of six observers miss it", .noObserverMajority) { survey in
            survey.peers = (2...4).map { PeerView("web-\($0)", missesMaster: false) }
        },
        GuardCase("three peers do not answer: three of six observers miss it", .noObserverMajority) { survey in
            survey.peers = (2...4).map { PeerView("web-\($0)", missesMaster: nil) }
        },
        GuardCase("four peers, of which one agrees and one replica is silent", .noObserverMajority) { survey in
            survey.peers = (2...5).map { PeerView("web-\($0)", missesMaster: $0 == 2 ? true : nil) }
            survey.replicas[1].state = nil
        },
        GuardCase("the peers agree and the replicas do not", .replicasDisagree) { survey in
            survey.peers = (2...5).map { PeerView("web-\($0)", missesMaster: true) }
            for index in survey.replicas.indices { survey.replicas[index].state?.isLinkUp = true }
        },
        GuardCase("a Sentinel's timer is about to end", .tooLate) { $0.sentinels[1].downAfter = .milliseconds(250) },
        GuardCase("no Sentinel has a quorum", .noQuorum) { survey in
            for index in survey.sentinels.indices { survey.sentinels[index].hasQuorum = false }
        },
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

    /// Whoever asks a Sentinel just when another elects itself has two nodes promoted at one epoch.
    @Test func nobodyIsAskedWhenTheSentinelsAreAboutToDecide() {
        func outcome(silence: Int, isPending: Bool = false) -> (requests: Int, refusals: [FailoverRefusal]) {
            var scene = FailoverScene()
            let survey = deadMasterSurvey { survey in
                for index in survey.sentinels.indices {
                    survey.sentinels[index].downAfter = .seconds(index == 0 ? 1 : 3)
                    if survey.sentinels[index].runID == survey.chosen?.runID {
                        survey.sentinels[index].failoverPending = isPending
                    }
                }
            }
            scene.send(.link("m", .asked))
            scene.now = scene.now + .milliseconds(silence)
            scene.crash()
            scene.send(.surveyed(survey))
            return (scene.requests.count, scene.refusals)
        }
        #expect(outcome(silence: 0).requests == 1)
        #expect(outcome(silence: 740).requests == 1)
        #expect(outcome(silence: 750) == (0, [.tooLate]))
        #expect(outcome(silence: 5_000) == (0, [.tooLate]))
        // What goes on already is joined.
        #expect(outcome(silence: 750, isPending: true).refusals.isEmpty)
    }

    /// It may be cut off from the others; every observer skips it alike.
    @Test func aSentinelWithoutQuorumIsNotAsked() {
        func asked(_ change: (inout FailoverSurvey<String>) -> Void) -> String? {
            var scene = FailoverScene()
            scene.crash()
            scene.send(.surveyed(deadMasterSurvey(change)))
            return scene.requests.first?.runID
        }
        let usual = deadMasterSurvey().sentinels.map(\.runID).min()
        #expect(asked { _ in } == usual)
        let next = deadMasterSurvey().sentinels.map(\.runID).sorted()[1]
        #expect(
            asked { survey in
                for index in survey.sentinels.indices where survey.sentinels[index].runID == usual {
                    survey.sentinels[index].hasQuorum = false
                }
            } == next)
    }

    /// A majority of all observers, the replicas among them.
    @Test(
        arguments: [
            (peers: [nil, nil], passes: true), ([false, false], true), ([true, nil, nil], true),
            ([nil, nil, nil], false),
            ([true, true, nil, nil, nil], true), ([true, nil, nil, nil, nil], false), ([], true),
        ] as [(peers: [Bool?], passes: Bool)])
    func peersCount(row: (peers: [Bool?], passes: Bool)) {
        var scene = FailoverScene()
        scene.crash()
        scene.send(
            .surveyed(
                deadMasterSurvey { survey in
                    survey.peers = row.peers.enumerated().map { PeerView("web-\($0)", missesMaster: $1) }
                }))
        #expect(scene.requests.count == (row.passes ? 1 : 0))
    }

    @Test func whatAPeerIsTold() {
        var scene = FailoverScene(seenAlive: false)
        #expect(scene.machine.sight(now: scene.now)?.misses == nil)
        scene.send(.link("m", .answered))
        #expect(scene.machine.sight(now: scene.now)?.misses == false)
        scene.send(.link("m", .asked))
        #expect(scene.machine.sight(now: scene.now + .milliseconds(599))?.misses == false)
        #expect(scene.machine.sight(now: scene.now + .milliseconds(600))?.misses == true)
        scene.crash()
        #expect(scene.machine.sight(now: scene.now)?.misses == true)
        #expect(scene.machine.sight(now: scene.now)?.master == "m")
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
