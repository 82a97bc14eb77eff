import NIOCore
import Testing

@testable import RedisClient

/// Which master is published, and which is not.
@Suite struct SentinelTrackerMasterTests {
    @Test func aMajorityAndTheNodeItselfMakeAMaster() {
        var scene = TrackerScene()
        scene.report("a", "m", 1)
        #expect(scene.usable == nil)
        scene.report("b", "m", 1)
        #expect(scene.usable == state("m", 1))
        #expect(scene.status.hasMajority)
        #expect(scene.published.last == .available(state("m", 1)))
    }

    @Test(arguments: [
        RoleAnswer.replica(of: nil), .notServing("LOADING Redis is loading the dataset in memory"),
        .unreachable("refused"), .timedOut, .nonsense, .busy,
    ])
    func aMajorityAloneDoesNot(answer: RoleAnswer) {
        var scene = TrackerScene(roles: ["m": answer])
        scene.all("abc", "m", 1)
        #expect(scene.phase == .searching(.unconfirmed(node("m"), answer: answer)))
        scene.roles["m"] = .master
        scene.pass(.milliseconds(20))
        #expect(scene.usable == state("m", 1))
    }

    @Test func aStaleSentinelIsOutvoted() {
        var scene = TrackerScene(roles: ["m": .master, "x": .master])
        scene.report("c", "m", 1)
        scene.report("a", "x", 2)
        scene.report("b", "x", 2)
        #expect(scene.usable == state("x", 2))
        scene.pass(.seconds(30), saying: ["a": ("x", 2), "b": ("x", 2), "c": ("m", 1)])
        #expect(scene.published.compactMap(\.usable) == [state("x", 2)])
    }

    @Test func aMinorityThatAnswersAloneIsNotTrusted() {
        var scene = TrackerScene(roles: ["m": .master], connected: false)
        scene.send(.connected(sentinel("a")))
        scene.report("a", "m", 1)
        scene.pass(.seconds(120), saying: ["a": ("m", 1)])
        #expect(scene.phase == .searching(.noSentinelMajority(answering: 1, needed: 2)))
    }

    @Test func losingTheMajorityTakesNothingBack() {
        var scene = TrackerScene.steady()
        let heard = scene.status.majorityHeard
        for name in ["a", "b", "c"] { scene.send(.disconnected(sentinel(name), .unreachable("gone"))) }
        scene.pass(.seconds(60))
        #expect(scene.usable == state("m", 1))
        #expect(!scene.status.hasMajority)
        #expect(scene.status.majorityHeard == heard)
        // A blip of the master's connection is taken back without Sentinels too.
        scene.send(.suspect(node("m")))
        #expect(scene.usable == state("m", 1))
    }

    @Test func anewMasterIsPublishedOnceConfirmed() {
        var scene = TrackerScene.steady()
        scene.roles["m"] = .unreachable("reset")
        scene.send(.suspect(node("m")))
        #expect(scene.phase.isSuspected)
        scene.roles["x"] = .replica(of: node("m"))
        scene.report("a", "x", 2)
        scene.report("b", "x", 2)
        #expect(scene.phase.isSuspected)
        scene.pass(.milliseconds(50))
        #expect(scene.phase.isSuspected)
        scene.roles["x"] = .master
        scene.pass(.milliseconds(50))
        #expect(scene.usable == state("x", 2))
        #expect(scene.status.switches == 1)
    }

    @Test func theReturningOldMasterIsIgnored() {
        var scene = TrackerScene.steady()
        scene.roles = ["x": .master]
        scene.all("abc", "x", 2)
        #expect(scene.usable == state("x", 2))
        scene.roles["m"] = .master
        scene.actions = []
        scene.pass(.seconds(30), saying: ["a": ("m", 1), "b": ("x", 2), "c": ("x", 2)])
        #expect(scene.usable == state("x", 2))
        #expect(!scene.actions.contains(.checkRole(node("m"))))
    }

    @Test func theReturningOldMasterIsIgnoredAlsoWhenTheMajorityWasLostMeanwhile() {
        var scene = TrackerScene.steady()
        scene.roles = [:]
        scene.send(.suspect(node("m")))
        scene.report("a", "x", 2)
        scene.report("b", "x", 2)
        for name in ["a", "b", "c"] { scene.send(.disconnected(sentinel(name), .unreachable("gone"))) }
        scene.roles = ["m": .master]
        scene.send(.role(node("m"), .master))
        scene.pass(.seconds(30))
        #expect(scene.phase.isSuspected)
        // Nor is the new one published before a majority is heard again.
        scene.roles["x"] = .master
        scene.send(.role(node("x"), .master))
        scene.pass(.seconds(1))
        #expect(scene.phase.isSuspected)
        for name in ["a", "b"] {
            scene.send(.connected(sentinel(name)))
            scene.report(name, "x", 2)
        }
        scene.pass(.seconds(1), saying: ["a": ("x", 2), "b": ("x", 2)])
        #expect(scene.usable == state("x", 2))
    }

    @Test func theEpochNeverFalls() {
        var scene = TrackerScene(roles: ["m": .master, "x": .master])
        scene.all("abc", "x", 7)
        scene.actions = []
        scene.pass(.seconds(60), saying: ["a": ("m", 3), "b": ("m", 3), "c": ("m", 3)])
        #expect(scene.usable == state("x", 7))
        #expect(scene.actions.count { $0 == .note(.regressed(state("m", 3))) } == 1)
    }

    @Test func aHigherEpochOfTheSameMasterIsTaken() {
        var scene = TrackerScene.steady()
        scene.all("abc", "m", 5)
        scene.pass(.milliseconds(300))
        #expect(scene.usable == state("m", 5))
        #expect(!scene.published.contains { $0.isSuspected })
        #expect(scene.status.switches == 0)
    }

    @Test func anEpochTieKeepsTheCurrentMaster() {
        var scene = TrackerScene.steady()
        scene.roles["x"] = .master
        scene.all("abc", "x", 1)
        scene.pass(.seconds(10), saying: ["a": ("x", 1), "b": ("x", 1), "c": ("x", 1)])
        #expect(scene.usable == state("m", 1))
        // Also when it cannot be reached: that is no proof that it is a master no longer.
        scene.roles["m"] = .unreachable("refused")
        scene.pass(.seconds(10), saying: ["a": ("x", 1), "b": ("x", 1), "c": ("x", 1)])
        #expect(scene.phase.isSuspected)
        scene.roles["m"] = .replica(of: node("x"))
        scene.pass(.seconds(10), saying: ["a": ("x", 1), "b": ("x", 1), "c": ("x", 1)])
        #expect(scene.usable == state("x", 1))
    }

    @Test func theLeaderThatAnnouncesLateIsFollowedByPolls() {
        var scene = TrackerScene.steady()
        scene.roles = ["x": .master]
        scene.send(.suspect(node("m")))
        // The leader names the promoted replica; the others learn it a little later; no announcement is heard.
        scene.report("a", "x", 2)
        scene.pass(.milliseconds(200), saying: ["a": ("x", 2), "b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase.isSuspected)
        scene.pass(.milliseconds(100), saying: ["a": ("x", 2), "b": ("x", 2), "c": ("m", 1)])
        #expect(scene.usable == state("x", 2))
    }

    @Test func aRestartedOldMasterIsNotTakenBackDuringAFailover() {
        var scene = TrackerScene.steady()
        scene.roles = [:]
        scene.send(.suspect(node("m")))
        scene.send(.role(node("m"), .unreachable("reset")))
        scene.report("a", "m", 1, pending: true)
        scene.roles["m"] = .master
        scene.pass(.seconds(1)) { scene, action in
            if case .poll(let endpoint, _) = action {
                scene.report(endpoint.host, "m", 1, pending: endpoint == sentinel("a"))
            }
        }
        #expect(scene.phase.isSuspected)
        scene.report("a", "x", 2)
        scene.pass(.milliseconds(500), saying: ["a": ("x", 2), "b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase.isSuspected)
        scene.roles["x"] = .master
        scene.report("b", "x", 2)
        #expect(scene.published.last == .available(state("x", 2)))
        #expect(scene.published.compactMap(\.usable) == [state("m", 1), state("x", 2)])
    }

    @Test func aRestartedMasterIsTakenBackWhenTheFailoverWasGivenUp() {
        var scene = TrackerScene.steady()
        scene.report("a", "m", 1, pending: true)
        scene.send(.suspect(node("m")))
        #expect(scene.phase.isSuspected)
        scene.pass(.milliseconds(300), saying: ["a": ("m", 1), "b": ("m", 1), "c": ("m", 1)])
        #expect(scene.usable == state("m", 1))
    }

    @Test func oneLyingSentinelKeepsAGoodMasterAwayOnlyForAWhile() {
        var scene = TrackerScene.steady()
        let lie: [String: (master: String, epoch: UInt64)] = ["a": ("y", .max), "b": ("m", 1), "c": ("m", 1)]
        scene.pass(.seconds(15), saying: lie)
        #expect(scene.usable == state("m", 1))
        scene.send(.suspect(node("m")))
        scene.pass(.milliseconds(100), saying: lie)
        #expect(scene.usable == state("m", 1))
        // Nor does it delay a failover.
        scene.roles = ["x": .master]
        scene.send(.suspect(node("m")))
        scene.report("b", "x", 2)
        scene.report("c", "x", 2)
        #expect(scene.usable == state("x", 2))
    }

    @Test func aDoubtNeedsAnAnswerThatWasAskedAfterIt() {
        var scene = TrackerScene.steady()
        scene.roles = [:]
        scene.pass(.milliseconds(250))
        // A question is out; its answer left the node before the connection broke.
        scene.send(.suspect(node("m")))
        scene.send(.role(node("m"), .master))
        #expect(scene.phase.isSuspected)
        scene.now = scene.now + .milliseconds(1)
        scene.send(.role(node("m"), .master))
        #expect(scene.usable == state("m", 1))
    }

    @Test(arguments: [
        RoleAnswer.replica(of: node("x")), .timedOut, .unreachable("reset"), .notServing("LOADING"), .nonsense,
    ])
    func theTrackerItselfNoticesThatTheMasterIsLost(answer: RoleAnswer) {
        var scene = TrackerScene.steady()
        scene.roles["m"] = answer
        scene.pass(.milliseconds(300), saying: ["a": ("m", 1), "b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase.isSuspected)
        scene.roles["m"] = .master
        scene.pass(.milliseconds(300), saying: ["a": ("m", 1), "b": ("m", 1), "c": ("m", 1)])
        #expect(scene.usable == state("m", 1))
    }

    @Test func aBusyMasterIsStillTheMaster() {
        var scene = TrackerScene.steady()
        scene.roles["m"] = .busy
        scene.pass(.seconds(2), saying: ["a": ("m", 1), "b": ("m", 1), "c": ("m", 1)])
        #expect(scene.published.compactMap(\.usable) == [state("m", 1)])
        #expect(scene.usable == state("m", 1))
    }

    @Test func suspicionsOfOtherNodesAreIgnored() {
        var scene = TrackerScene.steady()
        let before = scene.published
        scene.send(.suspect(node("x")))
        #expect(scene.published == before)
    }

    @Test func aHintPreparesTheCandidateAndDecidesNothing() {
        var scene = TrackerScene.steady()
        scene.pass(.seconds(70), saying: ["a": ("m", 1), "b": ("m", 1), "c": ("m", 1)])
        scene.pass(.milliseconds(100))
        scene.roles["x"] = .replica(of: node("m"))
        let actions = scene.send(
            .hint(sentinel("c"), SentinelHint(channel: "+selected-slave", candidate: node("x"))))
        #expect(actions.contains(.checkRole(node("x"))))
        #expect(actions.contains { if case .poll = $0 { true } else { false } })
        scene.roles["x"] = .master
        scene.pass(.milliseconds(100), saying: ["a": ("m", 1), "b": ("m", 1), "c": ("m", 1)])
        #expect(scene.usable == state("m", 1))
        // Its role is already known when the majority names it, so nothing more is waited for.
        scene.report("a", "x", 2)
        scene.roles = [:]
        scene.report("b", "x", 2)
        #expect(scene.usable == state("x", 2))
    }

    private static func promotion(of name: String, by sentinelName: String = "c") -> Event {
        .hint(sentinel(sentinelName), SentinelHint(channel: "+selected-slave", candidate: node(name)))
    }

    /// A master that lives while it is failed over would take writes, and lose them, until everybody agrees.
    @Test func aLivingMasterIsHeldBackWhileItIsReplaced() {
        var scene = TrackerScene.steady()
        scene.roles["x"] = .replica(of: node("m"))
        scene.send(Self.promotion(of: "x"))
        #expect(scene.usable == state("m", 1))
        scene.report("c", "m", 1, pending: true)
        #expect(scene.phase.isSuspected)
        // It still says that it is a master; so does the new one, which has no majority yet.
        scene.roles["x"] = .master
        scene.pass(.milliseconds(500))
        #expect(scene.phase.isSuspected)
        scene.report("c", "x", 2)
        scene.pass(.milliseconds(100))
        #expect(scene.phase.isSuspected)
        scene.report("a", "x", 2)
        #expect(scene.usable == state("x", 2))
    }

    @Test func theReportMayComeBeforeTheAnnouncement() {
        var scene = TrackerScene.steady()
        scene.report("c", "m", 1, pending: true)
        #expect(scene.usable == state("m", 1), "a failover that has found no votes yet changes nothing")
        scene.send(Self.promotion(of: "x"))
        #expect(scene.phase.isSuspected)
    }

    @Test func anAbortedFailoverGivesTheMasterBack() {
        var scene = TrackerScene.steady()
        scene.send(Self.promotion(of: "x"))
        scene.report("c", "m", 1, pending: true)
        scene.pass(.milliseconds(200))
        #expect(scene.phase.isSuspected)
        scene.report("c", "m", 1)
        scene.pass(.milliseconds(100))
        #expect(scene.usable == state("m", 1))
    }

    @Test func anAnnouncementAloneOrOfAnotherSentinelDecidesNothing() {
        var scene = TrackerScene.steady()
        scene.send(Self.promotion(of: "x", by: "a"))
        scene.report("a", "m", 1)
        scene.report("c", "m", 1, pending: true)
        #expect(scene.usable == state("m", 1))
    }

    /// One erring Sentinel can keep a good master away once, for as long as dissent counts, and not again.
    @Test func aSentinelThatErrsCannotHoldTheMasterBackForEver() {
        var scene = TrackerScene.steady()
        scene.roles["x"] = .master
        func insist(_ scene: inout TrackerScene) {
            for _ in 0..<30 {
                scene.send(Self.promotion(of: "x"))
                scene.report("c", "m", 1, pending: true)
                scene.report("a", "m", 1)
                scene.report("b", "m", 1)
                scene.pass(.milliseconds(500))
            }
        }
        scene.send(Self.promotion(of: "x"))
        scene.report("c", "m", 1, pending: true)
        #expect(scene.phase.isSuspected)
        insist(&scene)
        #expect(scene.usable == state("m", 1))
        let before = scene.published.count
        insist(&scene)
        #expect(scene.published.count == before)
    }

    @Test func hintsOfStrangersAreIgnored() {
        var scene = TrackerScene.steady()
        let actions = scene.send(.hint(sentinel("z"), SentinelHint(channel: "+switch-master", candidate: node("y"))))
        #expect(actions.isEmpty)
    }
}
