import NIOCore

@testable import RedisClient

typealias Event = SentinelTracker.Event
typealias Action = SentinelTracker.Action

/// Sentinels are `a` to `e` with the run ids `A` to `E`; nodes are `m`, `x` and `y`.
func sentinel(_ name: String) -> RedisEndpoint { RedisEndpoint(host: name, port: 26379) }
func node(_ name: String) -> RedisEndpoint { RedisEndpoint(host: name, port: 6379) }
func state(_ name: String, _ epoch: UInt64) -> MasterState { MasterState(endpoint: node(name), epoch: epoch) }
func peers(_ names: String) -> [SentinelPeer] {
    names.map { SentinelPeer(runID: String($0).uppercased(), endpoint: sentinel(String($0))) }
}

/// A tracker with a clock that the test moves, and the answers of the nodes' `ROLE`.
struct TrackerScene {
    var tracker: SentinelTracker
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    /// Answered at once when the tracker asks; nodes that are not in it do not answer.
    var roles: [String: RoleAnswer] = [:]
    /// What polls are answered with at once; those of other Sentinels stay out.
    private var answers: [String: SentinelReport] = [:]
    private var pollsOut: Set<RedisEndpoint> = []
    /// Everything published, in order.
    var published: [MasterPhase] = []
    var actions: [Action] = []

    /// Starts with connections to all the configured Sentinels.
    init(
        _ sentinels: String = "abc", roles: [String: RoleAnswer] = ["m": .master], connected: Bool = true,
        earlyRelease: Bool = true, selfFence: TimeAmount? = nil
    ) {
        var timing = SentinelTracker.Timing()
        timing.earlyRelease = earlyRelease
        timing.selfFence = selfFence
        tracker = SentinelTracker(sentinels: sentinels.map { sentinel(String($0)) }, timing: timing)
        self.roles = roles
        send(.started)
        if connected { for name in sentinels { send(.connected(sentinel(String(name)))) } }
    }

    /// Three Sentinels that name `m` at epoch 1, which is published.
    static func steady(_ sentinels: String = "abc") -> TrackerScene {
        var scene = TrackerScene(sentinels, roles: ["m": .master])
        scene.all(sentinels, "m", 1)
        return scene
    }

    @discardableResult
    mutating func send(_ event: Event) -> [Action] {
        var done: [Action] = []
        var waiting = [event]
        while !waiting.isEmpty {
            let event = waiting.removeFirst()
            switch event {
            case .reported(let endpoint, _), .unusable(let endpoint, _), .disconnected(let endpoint, _):
                pollsOut.remove(endpoint)
            default: break
            }
            let next = tracker.handle(event, now: now)
            done += next
            for action in next {
                if case .publish(let phase) = action { published.append(phase) }
                if case .checkRole(let endpoint) = action, let answer = roles[endpoint.host] {
                    waiting.append(.role(endpoint, answer))
                }
                if case .poll(let endpoint, let peers) = action {
                    pollsOut.insert(endpoint)
                    if var report = answers[endpoint.host] {
                        if !peers { report.peers = nil }
                        waiting.append(.reported(endpoint, report))
                    }
                }
            }
        }
        actions += done
        return done
    }

    /// One Sentinel answers a poll, listing all of `others` but itself.
    @discardableResult
    mutating func report(
        _ name: String, _ master: String, _ epoch: UInt64, pending: Bool = false, others: String? = "abc",
        runID: String? = nil
    ) -> [Action] {
        send(
            .reported(
                sentinel(name),
                SentinelReport(
                    runID: runID ?? name.uppercased(), master: state(master, epoch), failoverPending: pending,
                    peers: others.map { peers($0.filter { String($0) != name }) })))
    }

    mutating func all(_ names: String, _ master: String, _ epoch: UInt64) {
        for name in names { report(String(name), master, epoch, others: names) }
    }

    /// Moves the clock from one time the tracker wants to be woken at to the next.
    mutating func pass(_ time: TimeAmount, answering: ((inout TrackerScene, Action) -> Void)? = nil) {
        let end = now + time
        while let wake = tracker.nextWake, wake <= end {
            // A driver is never quite on time.
            now = max(now + .milliseconds(1), wake)
            for action in send(.tick) { answering?(&self, action) }
        }
        now = max(now, end)
    }

    /// Passes time while each Sentinel answers its polls as the table says.
    mutating func pass(
        _ time: TimeAmount, saying table: [String: (master: String, epoch: UInt64)], others: String = "abc"
    ) {
        for (name, said) in table {
            answers[name] = SentinelReport(
                runID: name.uppercased(), master: state(said.master, said.epoch),
                peers: peers(others.filter { String($0) != name }))
        }
        for endpoint in pollsOut.sorted() {
            if let report = answers[endpoint.host] { send(.reported(endpoint, report)) }
        }
        pass(time)
        answers = [:]
    }

    var phase: MasterPhase { tracker.phase }
    var usable: MasterState? { tracker.phase.usable }
    var status: WatcherStatus { tracker.status(now: now) }

    func exclusion(_ name: String) -> SentinelExclusion? {
        status.sentinels.first { $0.endpoint == sentinel(name) }?.excluded
    }
}

extension MasterPhase {
    var isSuspected: Bool { if case .suspected = self { true } else { false } }
}
