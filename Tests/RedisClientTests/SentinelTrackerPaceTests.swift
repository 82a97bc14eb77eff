import NIOCore
import Testing

@testable import RedisClient

/// How often is asked.
@Suite struct SentinelTrackerPaceTests {
    private static let calm: [String: (master: String, epoch: UInt64)] = [
        "a": ("m", 1), "b": ("m", 1), "c": ("m", 1),
    ]

    private func polls(_ actions: [Action], _ name: String) -> Int {
        actions.count { if case .poll(sentinel(name), _) = $0 { true } else { false } }
    }

    /// A minute later, when the hurry of the start is over.
    private func calmScene() -> TrackerScene {
        var scene = TrackerScene.steady()
        scene.pass(.seconds(70), saying: Self.calm)
        scene.actions = []
        return scene
    }

    @Test func calmIsSlow() {
        var scene = calmScene()
        scene.pass(.seconds(10), saying: Self.calm)
        #expect((9...11).contains(polls(scene.actions, "a")))
        let lists = scene.actions.count { $0 == .poll(sentinel("a"), peers: true) }
        #expect((1...3).contains(lists))
        let checks = scene.actions.count { $0 == .checkRole(node("m")) }
        #expect((35...41).contains(checks))
    }

    @Test func doubtIsFastAtOnceAndThenSlower() {
        var scene = calmScene()
        scene.roles = ["m": .unreachable("refused")]
        let first = scene.send(.suspect(node("m")))
        for name in ["a", "b", "c"] { #expect(polls(first, name) == 1) }
        #expect(first.contains(.checkRole(node("m"))))
        for name in ["a", "b", "c"] { scene.report(name, "m", 1) }
        scene.actions = []
        scene.pass(.seconds(1), saying: Self.calm)
        #expect((15...21).contains(polls(scene.actions, "a")))
        #expect(scene.actions.count { $0 == .checkRole(node("m")) } >= 45)
        scene.pass(.seconds(10), saying: Self.calm)
        scene.actions = []
        scene.pass(.seconds(10), saying: Self.calm)
        #expect((35...41).contains(polls(scene.actions, "a")))
        scene.pass(.seconds(60), saying: Self.calm)
        scene.actions = []
        scene.pass(.seconds(10), saying: Self.calm)
        #expect((9...11).contains(polls(scene.actions, "a")))
    }

    @Test func repeatedSuspicionsDoNotKeepTheFastPace() {
        var scene = calmScene()
        scene.roles = ["m": .unreachable("refused")]
        for _ in 0..<1000 { scene.send(.suspect(node("m"))) }
        #expect(polls(scene.actions, "a") == 1)
        #expect(scene.published.count { $0.isSuspected } == 1)
    }

    @Test func aFloodOfHintsPollsNoFasterThanTheFastPace() {
        var scene = calmScene()
        for _ in 0..<1000 {
            scene.now = scene.now + .milliseconds(1)
            for action in scene.send(.hint(sentinel("a"), SentinelHint(channel: "+sdown"))) {
                if case .poll(let endpoint, _) = action { scene.report(endpoint.host, "m", 1) }
            }
        }
        #expect((1...21).contains(polls(scene.actions, "b")))
    }

    @Test func oneThatAnswersNonsenseIsNotAskedFast() {
        var scene = calmScene()
        scene.roles = ["m": .unreachable("refused")]
        for action in scene.send(.suspect(node("m"))) {
            if case .poll(let endpoint, _) = action { scene.send(.unusable(endpoint, .nonsense("?"))) }
        }
        scene.actions = []
        scene.pass(.seconds(3)) { scene, action in
            if case .poll(let endpoint, _) = action { scene.send(.unusable(endpoint, .nonsense("?"))) }
        }
        #expect((1...4).contains(polls(scene.actions, "a")))
    }

    @Test func aPollThatIsOutIsNotRepeated() {
        var scene = TrackerScene()
        scene.actions = []
        scene.pass(.seconds(10))
        #expect(polls(scene.actions, "a") == 0)
        scene.send(.disconnected(sentinel("a"), .unreachable("timed out")))
        #expect(polls(scene.send(.connected(sentinel("a"))), "a") == 1)
    }
}
