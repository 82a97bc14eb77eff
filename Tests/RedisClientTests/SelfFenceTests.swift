import NIOCore
import Testing

@testable import RedisClient

/// A sidecar that hears no majority of the Sentinels stops using its master in time, and only then.
@Suite struct SelfFenceTests {
    private static let limit = TimeAmount.milliseconds(800)

    private func scene() -> TrackerScene {
        var scene = TrackerScene("abc", selfFence: Self.limit)
        scene.all("abc", "m", 1)
        return scene
    }

    private func passed(_ sentinels: [String], _ time: TimeAmount, _ scene: inout TrackerScene) {
        scene.pass(time, saying: Dictionary(uniqueKeysWithValues: sentinels.map { ($0, ("m", 1)) }))
    }

    @Test func allSilentIsFencedAtTheLimit() {
        var scene = scene()
        scene.pass(.milliseconds(700))
        #expect(scene.usable == state("m", 1))
        scene.pass(.milliseconds(150))
        #expect(scene.phase.isFenced)
        #expect(scene.status.selfFences == 1)
        // Time alone changes nothing.
        scene.pass(.seconds(30))
        #expect(scene.phase.isFenced)
        #expect(scene.status.selfFences == 1)
    }

    @Test func theLimitRunsFromTheQuestionNotFromItsAnswer() {
        var scene = scene()
        scene.pass(.milliseconds(300))
        let asked = scene.now
        scene.now = asked + .milliseconds(400)
        // Polls sent at most 300 ms after the start are answered 400 ms late.
        scene.all("abc", "m", 1)
        #expect(scene.usable != nil)
        scene.pass(.milliseconds(400))
        #expect(scene.phase.isFenced)
    }

    @Test func aMajorityKeepsTheMaster() {
        var scene = scene()
        passed(["a", "b"], .seconds(20), &scene)
        #expect(scene.usable == state("m", 1))
        #expect(scene.status.selfFences == 0)
    }

    @Test func aMinorityDoesNot() {
        var scene = scene()
        passed(["a"], .seconds(2), &scene)
        #expect(scene.phase.isFenced)
    }

    @Test func sentinelsThatAreDownAreNotOutOfReach() {
        var scene = scene()
        for _ in 0..<40 {
            for name in ["a", "b", "c"] { scene.send(.disconnected(sentinel(name), .notListening)) }
            scene.pass(.milliseconds(200))
        }
        #expect(scene.usable == state("m", 1))
    }

    @Test func oneHeardAndOneDownAreAMajority() {
        var scene = scene()
        for _ in 0..<40 {
            scene.send(.disconnected(sentinel("b"), .notListening))
            passed(["a"], .milliseconds(200), &scene)
        }
        #expect(scene.usable == state("m", 1))
    }

    @Test func unreachableSentinelsAreNotDown() {
        var scene = scene()
        for _ in 0..<10 {
            for name in ["a", "b", "c"] { scene.send(.disconnected(sentinel(name), .unreachable("no route"))) }
            scene.pass(.milliseconds(200))
        }
        #expect(scene.phase.isFenced)
    }

    /// All restart within the limit: refused, then connected and heard again.
    @Test func aRestartWithinTheLimitFencesNothing() {
        var scene = scene()
        for name in ["a", "b", "c"] {
            scene.send(.disconnected(sentinel(name), .unreachable("the connection was closed")))
        }
        scene.pass(.milliseconds(500))
        for name in ["a", "b", "c"] { scene.send(.connected(sentinel(name))) }
        passed(["a", "b", "c"], .seconds(2), &scene)
        #expect(scene.status.selfFences == 0)
        #expect(scene.usable == state("m", 1))
    }

    @Test func aMajorityHeardAfterwardsOpensIt() {
        var scene = scene()
        scene.pass(.seconds(2))
        #expect(scene.phase.isFenced)
        passed(["a", "b"], .seconds(1), &scene)
        #expect(scene.usable == state("m", 1))
    }

    @Test func aMinorityHeardAfterwardsDoesNot() {
        var scene = scene()
        scene.pass(.seconds(2))
        passed(["a"], .seconds(5), &scene)
        #expect(scene.phase.isFenced)
    }

    @Test func itOpensOnTheMasterThatWasElectedMeanwhile() {
        var scene = scene()
        scene.pass(.seconds(2))
        scene.roles["x"] = .master
        scene.pass(.seconds(1), saying: ["a": ("x", 2), "b": ("x", 2), "c": ("x", 2)])
        #expect(scene.usable == state("x", 2))
        #expect(
            !scene.published.contains(.available(state("m", 1))) || scene.published.last == .available(state("x", 2)))
    }

    @Test func aDoubtedMasterIsNotTakenBackWithoutAMajority() {
        var scene = scene()
        scene.roles["m"] = nil
        scene.pass(.milliseconds(700))
        scene.send(.suspect(node("m")))
        scene.pass(.milliseconds(200))
        #expect(scene.phase.isFenced)
        scene.roles["m"] = .master
        scene.send(.role(node("m"), .master))
        scene.pass(.seconds(2))
        #expect(scene.phase.isFenced)
    }

    @Test func withoutALimitNothingIsFenced() {
        var scene = TrackerScene.steady()
        scene.pass(.seconds(60))
        #expect(scene.usable == state("m", 1))
    }

    @Test func severalPollsFitIntoTheLimit() {
        var timing = SentinelTracker.Timing()
        timing.selfFence = .milliseconds(800)
        #expect(timing.steadyPoll == .milliseconds(200))
        timing.selfFence = .seconds(40)
        #expect(timing.steadyPoll == .seconds(1))
    }
}

extension MasterPhase {
    fileprivate var isFenced: Bool { if case .fenced = self { true } else { false } }
}
