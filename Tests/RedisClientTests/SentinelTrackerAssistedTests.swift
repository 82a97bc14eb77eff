import NIOCore
import Testing

@testable import RedisClient

/// Early release: the asked Sentinel is `a`, the dead master `m`, the selected node `x`.
@Suite struct SentinelTrackerAssistedTests {
    /// The master was lost and `a` is asked.
    private func requested(earlyRelease: Bool = true) -> TrackerScene {
        var scene = TrackerScene("abc", roles: ["m": .master], earlyRelease: earlyRelease)
        scene.all("abc", "m", 1)
        for name in ["a", "b", "c"] { scene.send(.subscribed(sentinel(name))) }
        scene.roles["m"] = .unreachable("connection refused")
        scene.send(.suspect(node("m")))
        scene.send(.requested(sentinel("a"), master: node("m")))
        return scene
    }

    private func announce(_ scene: inout TrackerScene, epoch: UInt64 = 2, selecting: String = "x", by: String = "a") {
        scene.send(.hint(sentinel(by), SentinelHint(channel: "+new-epoch", epoch: epoch)))
        scene.send(.hint(sentinel(by), SentinelHint(channel: "+selected-slave", candidate: node(selecting))))
    }

    private func promotions(_ scene: TrackerScene) -> [RedisEndpoint] {
        scene.actions.compactMap { if case .promoted(let endpoint) = $0 { endpoint } else { nil } }
    }

    @Test func releasesWhenTheSelectedNodeSaysThatItIsAMaster() {
        var scene = requested()
        scene.roles["x"] = .replica(of: node("m"))
        announce(&scene)
        scene.pass(.milliseconds(100), saying: ["b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase.isSuspected)
        scene.roles["x"] = .master
        scene.pass(.milliseconds(50), saying: ["b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase == .provisional(state("x", 2)))
        #expect(scene.usable == state("x", 2))
        #expect(promotions(scene) == [node("x")])
        #expect(scene.status.earlyReleases == 1 && scene.status.switches == 1)
        // The others still name the old one for a second: nothing changes, nothing is called a regression.
        scene.pass(.seconds(1), saying: ["b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase == .provisional(state("x", 2)))
        #expect(!scene.actions.contains { if case .note(.regressed) = $0 { true } else { false } })
        scene.pass(.seconds(1), saying: ["a": ("x", 2), "b": ("x", 2), "c": ("x", 2)])
        #expect(scene.phase == .available(state("x", 2)))
        #expect(scene.status.quarantines == 0 && scene.status.switches == 1)
    }

    @Test func withoutEarlyReleaseTheMajorityIsWaitedFor() {
        var scene = requested(earlyRelease: false)
        scene.roles["x"] = .master
        announce(&scene)
        scene.pass(.seconds(1), saying: ["b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase.isSuspected)
        // The replicas are re-pointed all the same.
        #expect(promotions(scene) == [node("x")])
        scene.pass(.seconds(1), saying: ["a": ("x", 2), "b": ("x", 2), "c": ("x", 2)])
        #expect(scene.phase == .available(state("x", 2)))
        #expect(scene.status.earlyReleases == 0)
    }

    struct Blocked: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var prepare: @Sendable (inout TrackerScene) -> Void
    }

    static let blocked: [Blocked] = [
        Blocked(testDescription: "another Sentinel announces") { scene in
            scene.send(.hint(sentinel("b"), SentinelHint(channel: "+new-epoch", epoch: 2)))
            scene.send(.hint(sentinel("b"), SentinelHint(channel: "+selected-slave", candidate: node("x"))))
        },
        Blocked(testDescription: "no epoch was announced") { scene in
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+selected-slave", candidate: node("x"))))
        },
        Blocked(testDescription: "the epoch is the old one") { scene in
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+new-epoch", epoch: 1)))
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+selected-slave", candidate: node("x"))))
        },
        Blocked(testDescription: "nobody was selected") { scene in
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+new-epoch", epoch: 2)))
            scene.send(.hint(sentinel("b"), SentinelHint(channel: "+selected-slave", candidate: node("x"))))
        },
        Blocked(testDescription: "the failover was aborted") { scene in
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+new-epoch", epoch: 2)))
            scene.roles["x"] = .replica(of: node("m"))
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+selected-slave", candidate: node("x"))))
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "-failover-abort-slave-timeout")))
            scene.roles["x"] = .master
        },
        Blocked(testDescription: "the Sentinel declined") { scene in
            scene.send(.declined(sentinel("a")))
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+new-epoch", epoch: 2)))
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+selected-slave", candidate: node("x"))))
        },
        Blocked(testDescription: "the leader is lost before the promotion") { scene in
            scene.roles["x"] = .replica(of: node("m"))
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+new-epoch", epoch: 2)))
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+selected-slave", candidate: node("x"))))
            scene.send(.disconnected(sentinel("a"), .unreachable("closed")))
            scene.roles["x"] = .master
        },
        Blocked(testDescription: "another Sentinel leads a failover too") { scene in
            scene.report("b", "m", 1, pending: true)
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+new-epoch", epoch: 2)))
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+selected-slave", candidate: node("x"))))
        },
        Blocked(testDescription: "another Sentinel names another node at that epoch") { scene in
            scene.report("b", "y", 2)
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+new-epoch", epoch: 2)))
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+selected-slave", candidate: node("x"))))
        },
        Blocked(testDescription: "the request is long over") { scene in
            scene.pass(.seconds(11), saying: ["a": ("m", 1), "b": ("m", 1), "c": ("m", 1)])
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+new-epoch", epoch: 2)))
            scene.send(.hint(sentinel("a"), SentinelHint(channel: "+selected-slave", candidate: node("x"))))
        },
    ]

    @Test(arguments: blocked) func isNotReleasedEarly(row: Blocked) {
        var scene = requested()
        scene.roles["x"] = .master
        row.prepare(&scene)
        scene.pass(.milliseconds(300))
        #expect(scene.phase.isSuspected, "\(scene.phase)")
        #expect(scene.status.earlyReleases == 0)
    }

    @Test func withoutARequestNothingIsReleasedEarly() {
        var scene = TrackerScene.steady()
        scene.roles["x"] = .master
        scene.send(.suspect(node("m")))
        scene.roles["m"] = .unreachable("connection refused")
        announce(&scene)
        scene.pass(.milliseconds(300), saying: ["b": ("m", 1), "c": ("m", 1)])
        #expect(scene.status.earlyReleases == 0)
        #expect(promotions(scene).isEmpty)
    }

    /// The leader dies half-way and the others choose another node: the early one is given up at once.
    @Test func aHigherEpochOfTheMajorityQuarantines() {
        var scene = requested()
        scene.roles["x"] = .master
        announce(&scene)
        scene.pass(.milliseconds(50), saying: ["b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase == .provisional(state("x", 2)))
        scene.send(.disconnected(sentinel("a"), .unreachable("closed")))
        scene.roles["y"] = .master
        scene.pass(.seconds(1), saying: ["b": ("y", 3), "c": ("y", 3)])
        #expect(scene.phase == .available(state("y", 3)))
        #expect(scene.status.quarantines == 1)
        #expect(scene.actions.contains(.note(.quarantined(state("x", 2), by: state("y", 3)))))
    }

    /// The leader died before the others heard of its epoch: they elect at the same one, and choose another node.
    @Test func atTheSameEpochTheMajorityOutweighsTheLeader() {
        var scene = requested()
        scene.roles["x"] = .master
        announce(&scene)
        scene.pass(.milliseconds(50), saying: ["b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase == .provisional(state("x", 2)))
        scene.send(.disconnected(sentinel("a"), .unreachable("closed")))
        scene.roles["y"] = .master
        scene.pass(.seconds(1), saying: ["b": ("y", 2), "c": ("y", 2)])
        #expect(scene.phase == .available(state("y", 2)))
        #expect(scene.status.quarantines == 1)
        #expect(scene.actions.contains(.note(.quarantined(state("x", 2), by: state("y", 2)))))
    }

    /// The others choose the same node at their own epoch.
    @Test func aHigherEpochOfTheSameNodeConfirms() {
        var scene = requested()
        scene.roles["x"] = .master
        announce(&scene)
        scene.pass(.milliseconds(50), saying: ["b": ("m", 1), "c": ("m", 1)])
        scene.pass(.seconds(1), saying: ["b": ("x", 3), "c": ("x", 3)])
        #expect(scene.phase == .available(state("x", 3)))
        #expect(scene.status.quarantines == 0 && scene.status.switches == 1)
    }

    /// The old master was alive after all, the leader died, and the Sentinels turned the promoted node back.
    @Test func aNodeThatIsTurnedBackGivesWayToTheFormerMaster() {
        var scene = requested()
        scene.roles["x"] = .master
        announce(&scene)
        scene.pass(.milliseconds(50), saying: ["b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase == .provisional(state("x", 2)))
        scene.send(.disconnected(sentinel("a"), .unreachable("closed")))
        scene.roles["m"] = .master
        scene.pass(.seconds(2), saying: ["b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase == .provisional(state("x", 2)))
        scene.roles["x"] = .replica(of: node("m"))
        scene.pass(.seconds(2), saying: ["b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase == .available(state("m", 1)))
        #expect(scene.status.quarantines == 1)
    }

    /// A master that comes back while it is being replaced would lose what it takes.
    @Test func theMasterIsNotTakenBackWhileItsFailoverWasAskedFor() {
        var scene = requested()
        scene.roles["m"] = .master
        scene.pass(.seconds(5), saying: ["a": ("m", 1), "b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase.isSuspected)
        scene.send(.hint(sentinel("a"), SentinelHint(channel: "-failover-abort-no-good-slave")))
        scene.pass(.milliseconds(100), saying: ["a": ("m", 1), "b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase == .available(state("m", 1)))
    }

    @Test(arguments: [true, false]) func itIsTakenBackWhenTheRequestIsDeclinedOrOver(declined: Bool) {
        var scene = requested()
        scene.roles["m"] = .master
        if declined { scene.send(.declined(sentinel("a"))) }
        scene.pass(.seconds(declined ? 1 : 11), saying: ["a": ("m", 1), "b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase == .available(state("m", 1)))
    }

    /// Doubt about a provisional master is taken back to provisional, not to confirmed.
    @Test func doubtDoesNotConfirm() {
        var scene = requested()
        scene.roles["x"] = .master
        announce(&scene)
        scene.pass(.milliseconds(50), saying: ["b": ("m", 1), "c": ("m", 1)])
        scene.send(.suspect(node("x")))
        scene.pass(.milliseconds(100), saying: ["b": ("m", 1), "c": ("m", 1)])
        #expect(scene.phase == .provisional(state("x", 2)))
        #expect(scene.status.earlyReleases == 1)
    }
}
