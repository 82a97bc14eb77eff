import Testing

@testable import RecoveryCore

@Suite struct AssistedFailoverTests {
    private static let request = FailoverRequest(sentinel: "a", runID: "A", master: "m", epoch: 1)

    @Test func aCrashIsExaminedAtOnceAndAskedOfTheLowestRunID() {
        var scene = FailoverScene()
        scene.send(.link("m", .reset))
        #expect(scene.actions.isEmpty)
        scene.send(.link("m", .refused))
        #expect(scene.actions == [.survey(master: "m")])
        scene.send(.surveyed(deadMasterSurvey()))
        #expect(scene.actions.last == .request(Self.request))
        #expect(scene.machine.counts.requests == 1)
    }

    @Test func everyOrderOfAnswersChoosesTheSameSentinel() {
        for order in [["A", "B", "C"], ["C", "B", "A"], ["B", "C", "A"]] {
            var scene = FailoverScene()
            scene.crash()
            scene.send(
                .surveyed(
                    deadMasterSurvey { survey in
                        survey.sentinels.sort { order.firstIndex(of: $0.runID)! < order.firstIndex(of: $1.runID)! }
                    }))
            #expect(scene.requests == [Self.request])
        }
    }

    @Test func aReplicaThatIsDownDoesNotPreventIt() {
        var scene = FailoverScene()
        scene.crash()
        scene.send(.surveyed(deadMasterSurvey { $0.replicas[1].state = nil }))
        #expect(scene.requests.count == 1)
    }

    @Test func aHangIsAskedForWhenTheReplicasHaveHeardNothingForAPeriod() {
        var scene = FailoverScene()
        scene.send(.link("m", .asked))
        scene.pass(.milliseconds(1_050), answering: upLinkSurvey())
        #expect(scene.requests.isEmpty)
        #expect(scene.refusals == [.replicasDisagree])
        scene.pass(.milliseconds(150), answering: upLinkSurvey(lastIO: 1))
        #expect(scene.requests.count == 1)
    }

    @Test func twoWholeSecondsWithoutAWordAreEnough() {
        var scene = FailoverScene()
        scene.send(.link("m", .asked))
        scene.pass(.milliseconds(650), answering: upLinkSurvey(lastIO: 2))
        #expect(scene.requests.count == 1)
    }

    @Test func replicasThatMakeProgressProveTheMasterAlive() {
        var scene = FailoverScene()
        scene.send(.link("m", .asked))
        for second in 0..<20 {
            scene.pass(.milliseconds(500), answering: upLinkSurvey(offset: 100 + Int64(second / 2) * 14))
        }
        #expect(scene.requests.isEmpty)
        #expect(scene.refusals == [.replicasDisagree])
    }

    @Test func anAnswerEndsTheExamination() {
        var scene = FailoverScene()
        scene.send(.link("m", .asked))
        scene.pass(.milliseconds(500), answering: upLinkSurvey())
        scene.send(.link("m", .answered))
        scene.actions = []
        scene.send(.surveyed(deadMasterSurvey()))
        scene.pass(.seconds(5), answering: deadMasterSurvey())
        #expect(scene.actions.isEmpty)
    }

    @Test func aRequestOfAnotherObserverIsJoinedNotRepeated() {
        var scene = FailoverScene()
        scene.crash()
        scene.send(.surveyed(deadMasterSurvey { $0.sentinels[1].failoverPending = true }))
        #expect(scene.actions.last == .join(Self.request))
        #expect(scene.machine.counts.joined == 1 && scene.machine.counts.requests == 0)
        #expect(scene.send(.promoted("x")) == [.repoint(["y"], from: "m", to: "x")])
    }

    /// The master was started again at once, and another observer had asked before it was back.
    @Test func afterACrashTheFailoverIsJoinedAlthoughTheMasterIsBack() {
        var scene = FailoverScene()
        scene.crash()
        scene.send(.surveyed(upLinkSurvey()))
        scene.send(.link("m", .answered))
        scene.pass(.milliseconds(200), answering: upLinkSurvey())
        #expect(scene.requests.isEmpty)
        var pending = upLinkSurvey()
        pending.sentinels[1].failoverPending = true
        scene.pass(.milliseconds(50), answering: pending)
        #expect(scene.actions.last == .join(Self.request))
        #expect(scene.requests.isEmpty)
    }

    @Test func aMasterThatIsBackIsLeftAloneAfterAMoment() {
        var scene = FailoverScene()
        scene.crash()
        scene.send(.surveyed(upLinkSurvey()))
        scene.send(.link("m", .answered))
        scene.pass(.seconds(2), answering: deadMasterSurvey())
        #expect(scene.requests.isEmpty)
        #expect(scene.machine.nextWake == nil)
        var pending = upLinkSurvey()
        pending.sentinels[1].failoverPending = true
        #expect(scene.send(.surveyed(pending)).isEmpty)
    }

    @Test func inProgressIsAsGoodAsAccepted() {
        var scene = FailoverScene()
        scene.crash()
        scene.send(.surveyed(deadMasterSurvey()))
        scene.send(.answered(.inProgress))
        #expect(scene.refusals.isEmpty)
        #expect(scene.machine.counts.inProgress == 1)
        #expect(scene.send(.promoted("y")) == [.repoint(["x"], from: "m", to: "y")])
    }

    /// Whatever the first Sentinel answers, no other is asked in the same loss.
    @Test(arguments: [RequestAnswer.accepted, .inProgress, .rejected("NOGOODSLAVE"), .lost])
    func neverAsksASecondSentinel(answer: RequestAnswer) {
        var scene = FailoverScene()
        scene.crash()
        scene.send(.surveyed(deadMasterSurvey()))
        scene.send(.answered(answer))
        let withoutTheFirst = deadMasterSurvey { $0.sentinels.removeAll { $0.runID == "A" } }
        scene.pass(.seconds(120), answering: withoutTheFirst)
        #expect(scene.requests == [Self.request])
    }

    @Test func whatTheLostSentinelPromotedIsStillFollowed() {
        var scene = FailoverScene()
        scene.crash()
        scene.send(.surveyed(deadMasterSurvey()))
        scene.send(.answered(.lost))
        #expect(scene.refusals == [.sentinelLost])
        #expect(scene.send(.promoted("x")) == [.repoint(["y"], from: "m", to: "x")])
    }

    @Test func nothingIsRepointedWithoutARequest() {
        var scene = FailoverScene()
        #expect(scene.send(.promoted("x")).isEmpty)
        scene.crash()
        scene.send(.surveyed(deadMasterSurvey()))
        scene.send(.confirmed("x", epoch: 2))
        #expect(scene.send(.promoted("x")).isEmpty)
    }

    @Test func theOldMasterIsNeverRepointedByUs() {
        var scene = FailoverScene()
        scene.crash()
        scene.send(.surveyed(deadMasterSurvey { $0.replicas.append(ReplicaView("m", nil)) }))
        #expect(scene.send(.promoted("x")) == [.repoint(["y"], from: "m", to: "x")])
    }

    @Test func aNewMasterIsWatchedAndTheOldOneForgotten() {
        var scene = FailoverScene()
        #expect(scene.send(.confirmed("x", epoch: 2)) == [.watch("x")])
        scene.crash()
        #expect(scene.machine.nextWake == nil)
        #expect(scene.send(.confirmed("x", epoch: 2)).isEmpty)
        // The same master at a newer epoch keeps its connection.
        #expect(scene.send(.confirmed("x", epoch: 3)).isEmpty)
    }

    @Test func lateAnswersChangeNothing() {
        var scene = FailoverScene()
        scene.send(.surveyed(deadMasterSurvey()))
        scene.send(.answered(.accepted))
        scene.send(.link("z", .reset))
        scene.send(.link("z", .refused))
        scene.send(.tick)
        #expect(scene.actions.isEmpty)
    }
}
