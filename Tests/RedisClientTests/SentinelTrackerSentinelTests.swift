import NIOCore
import Testing

@testable import RedisClient

/// Who the Sentinels are, and whose word counts.
@Suite struct SentinelTrackerSentinelTests {
    @Test func theOthersAreDiscoveredThroughOne() {
        var scene = TrackerScene("a")
        let actions = scene.report("a", "m", 1)
        #expect(actions.contains(.follow(sentinel("b"))))
        #expect(actions.contains(.follow(sentinel("c"))))
        // One of three is no majority, although it is all that was configured.
        #expect(scene.usable == nil)
        #expect(scene.status.known == 3)
        scene.send(.connected(sentinel("b")))
        scene.report("b", "m", 1)
        #expect(scene.usable == state("m", 1))
    }

    @Test func oneSentinelAloneCannotInventOthers() {
        var scene = TrackerScene.steady()
        scene.actions = []
        scene.report("a", "m", 1, others: "abcdefgh")
        #expect(scene.status.known == 3)
        #expect(!scene.actions.contains { if case .follow = $0 { true } else { false } })
        scene.report("b", "m", 1, others: "abcd")
        #expect(scene.status.known == 4)
        #expect(scene.actions.contains(.follow(sentinel("d"))))
        #expect(scene.actions.contains(.note(.discovered(sentinel("d"), runID: "D"))))
    }

    @Test func oneThatTheMajorityNoLongerListsIsPruned() {
        var scene = TrackerScene("abc")
        scene.all("abcd", "m", 1)
        scene.send(.connected(sentinel("d")))
        #expect(scene.status.known == 4)
        scene.pass(.seconds(9), saying: ["a": ("m", 1), "b": ("m", 1), "c": ("m", 1), "d": ("m", 1)])
        #expect(scene.status.known == 4)
        scene.pass(.seconds(6), saying: ["a": ("m", 1), "b": ("m", 1), "c": ("m", 1), "d": ("m", 1)])
        #expect(scene.status.known == 3)
        #expect(scene.actions.contains(.unfollow(sentinel("d"))))
        #expect(scene.actions.contains(.note(.pruned(sentinel("d"), runID: "D"))))
    }

    @Test func aMinorityCannotPruneTheOthers() {
        var scene = TrackerScene.steady()
        scene.send(.disconnected(sentinel("b"), .unreachable("gone")))
        scene.send(.disconnected(sentinel("c"), .unreachable("gone")))
        scene.pass(.seconds(300), saying: ["a": ("m", 1)], others: "a")
        #expect(scene.status.known == 3)
        #expect(!scene.status.hasMajority)
    }

    @Test func aConfiguredSentinelThatIsGoneForGoodLeavesTheDenominator() {
        var scene = TrackerScene("abcde", connected: false)
        for name in ["a", "b", "c"] {
            scene.send(.connected(sentinel(name)))
            scene.report(name, "m", 1)
        }
        #expect(scene.status.known == 5)
        #expect(scene.usable == state("m", 1))
        scene.pass(.seconds(20), saying: ["a": ("m", 1), "b": ("m", 1), "c": ("m", 1)])
        #expect(scene.status.known == 3)
        // And comes back when it does.
        scene.send(.connected(sentinel("d")))
        scene.report("d", "m", 1, others: "abcd")
        #expect(scene.status.known == 4)
    }

    @Test func aDeadSentinelUnderAnotherNameCountsOnce() {
        // Configured by names that the Sentinels do not use among themselves.
        var scene = TrackerScene("uvw", connected: false)
        for (name, runID) in [("u", "A"), ("v", "B")] {
            scene.send(.connected(sentinel(name)))
            scene.send(
                .reported(
                    sentinel(name),
                    SentinelReport(
                        runID: runID, master: state("m", 1), peers: peers("abc").filter { $0.runID != runID })))
        }
        #expect(scene.status.known == 3)
        #expect(scene.usable == state("m", 1))
    }

    @Test func twoNamesOfOneSentinelVoteOnce() {
        var scene = TrackerScene("abc")
        scene.report("a", "x", 2, runID: "A")
        scene.report("b", "x", 2, runID: "A")
        #expect(scene.status.answering == 1)
        #expect(scene.usable == nil)
        #expect(scene.exclusion("b") == .duplicate(of: sentinel("a")))
        // When the first is lost, the second speaks for it.
        scene.send(.disconnected(sentinel("a"), .unreachable("gone")))
        #expect(scene.exclusion("b") == nil)
    }

    @Test func aRestartedSentinelIsTheSameOne() {
        var scene = TrackerScene.steady()
        scene.send(.disconnected(sentinel("a"), .unreachable("closed")))
        #expect(scene.status.answering == 2)
        scene.send(.connected(sentinel("a")))
        scene.report("a", "m", 1)
        #expect(scene.status.known == 3)
        #expect(scene.status.answering == 3)
    }

    @Test func aRebuiltSentinelReplacesTheOneAtItsAddress() {
        var scene = TrackerScene.steady()
        scene.send(.disconnected(sentinel("a"), .unreachable("closed")))
        scene.send(.connected(sentinel("a")))
        scene.report("a", "m", 0, others: "a", runID: "NEW")
        // The others still list the former one at this address; it does not come back.
        scene.pass(.seconds(5), saying: ["b": ("m", 1), "c": ("m", 1)])
        #expect(scene.status.known == 3)
        #expect(scene.status.answering == 3 || scene.exclusion("a") == .silent)
        #expect(scene.usable == state("m", 1))
    }

    @Test(arguments: [
        SentinelExclusion.nonsense("config-epoch is not a number"), .unknownService, .refused("NOAUTH"),
    ])
    func oneThatCannotBeUnderstoodIsLeftOutAlone(reason: SentinelExclusion) {
        var scene = TrackerScene.steady()
        scene.send(.unusable(sentinel("a"), reason))
        #expect(scene.exclusion("a") == reason)
        #expect(scene.status.answering == 2)
        #expect(scene.actions.contains(.note(.excluded(sentinel("a"), reason))))
        scene.roles = ["x": .master]
        scene.report("b", "x", 2)
        scene.report("c", "x", 2)
        #expect(scene.usable == state("x", 2))
        scene.report("a", "x", 2)
        #expect(scene.exclusion("a") == nil)
        #expect(scene.actions.contains(.note(.readmitted(sentinel("a")))))
    }

    @Test func aSilentSentinelLosesItsVote() {
        var scene = TrackerScene.steady()
        scene.pass(.seconds(6), saying: ["b": ("m", 1), "c": ("m", 1)])
        #expect(scene.exclusion("a") == .silent)
        #expect(scene.status.answering == 2)
    }

    @Test func aLostSubscriptionShowsAndPollingGoesOn() {
        var scene = TrackerScene.steady()
        scene.send(.subscribed(sentinel("a")))
        #expect(scene.status.sentinels.first { $0.endpoint == sentinel("a") }?.isSubscribed == true)
        scene.send(.disconnected(sentinel("a"), .unreachable("closed")))
        #expect(scene.status.sentinels.first { $0.endpoint == sentinel("a") }?.isSubscribed == false)
        // Not one announcement: the switch is found all the same, within one slow poll.
        scene.roles["x"] = .master
        scene.pass(.seconds(2), saying: ["b": ("x", 2), "c": ("x", 2)])
        #expect(scene.usable == state("x", 2))
    }

    @Test func theNumberOfSentinelsIsBounded() {
        let names = (0..<200).map { "s\($0)" }
        var scene = TrackerScene("a")
        scene.send(
            .reported(
                sentinel("a"),
                SentinelReport(
                    runID: "A", master: state("m", 1),
                    peers: names.map { SentinelPeer(runID: $0, endpoint: sentinel($0)) })))
        #expect(scene.status.known == SentinelTracker.maximumSentinels)
        let configured = SentinelTracker(sentinels: names.map(sentinel))
        #expect(configured.status(now: scene.now).sentinels.count == SentinelTracker.maximumSentinels)
    }

    @Test func eventsOfStrangersChangeNothing() {
        var scene = TrackerScene.steady()
        let before = scene.status
        scene.send(.connected(sentinel("z")))
        scene.report("z", "y", 99)
        scene.send(.disconnected(sentinel("z"), .unreachable("gone")))
        scene.send(.role(node("y"), .master))
        #expect(scene.status == before)
    }
}
