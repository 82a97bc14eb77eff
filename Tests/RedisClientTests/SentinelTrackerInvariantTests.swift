import NIOCore
import Testing

@testable import RedisClient

/// Whatever happens, in whatever order: the safety rules of `SentinelTracker` hold after every single step.
@Suite struct SentinelTrackerInvariantTests {
    @Test(arguments: 0..<40 as Range<UInt64>)
    func theRulesHoldAfterEveryStep(seed: UInt64) {
        var generator = SplitMix(state: seed)
        var tracker = SentinelTracker(sentinels: ["a", "b", "c"].map(sentinel))
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
        var model = Model()
        for _ in 0..<200 {
            now = now + .milliseconds(Int64.random(in: 0...400, using: &generator))
            let event = Self.event(&generator)
            model.before(event, now: now)
            for action in tracker.handle(event, now: now) {
                if case .publish(let phase) = action { model.check(phase, tracker.status(now: now), now: now, seed) }
            }
        }
        let status = tracker.status(now: now)
        #expect(status.sentinels.count <= 2 * SentinelTracker.maximumSentinels)
        #expect(status.phase.last?.epoch ?? 0 >= model.highest)
    }

    /// What an observer may know, kept apart from the tracker's own books.
    private struct Model {
        var highest: UInt64 = 0
        var last: MasterState?
        var named: [String: (state: MasterState, at: NIODeadline)] = [:]
        var saidMaster: [RedisEndpoint: NIODeadline] = [:]
        var saidReplica: Set<RedisEndpoint> = []

        mutating func before(_ event: Event, now: NIODeadline) {
            switch event {
            case .reported(let endpoint, let report): named[endpoint.host] = (report.master, now)
            case .disconnected(let endpoint, _), .unusable(let endpoint, _): named[endpoint.host] = nil
            case .role(let endpoint, .master): saidMaster[endpoint] = now
            case .role(let endpoint, .replica): saidReplica.insert(endpoint)
            default: break
            }
        }

        mutating func check(_ phase: MasterPhase, _ status: WatcherStatus, now: NIODeadline, _ seed: UInt64) {
            guard case .available(let state) = phase else { return }
            #expect(state.epoch >= highest, "seed \(seed): the epoch fell")
            #expect(saidMaster[state.endpoint] != nil, "seed \(seed): it never said that it is a master")
            if let last, last.epoch == state.epoch, last.endpoint != state.endpoint {
                #expect(saidReplica.contains(last.endpoint), "seed \(seed): a tie moved the master")
            }
            if state != last {
                let votes = named.values.count { $0.state == state && now - $0.at <= .seconds(5) }
                #expect(votes >= 2, "seed \(seed): \(votes) votes were enough for \(state)")
            }
            highest = state.epoch
            last = state
        }
    }

    private static func event(_ generator: inout SplitMix) -> Event {
        let name = ["a", "b", "c"].randomElement(using: &generator) ?? "a"
        let host = ["m", "x"].randomElement(using: &generator) ?? "m"
        let epoch = UInt64.random(in: 1...4, using: &generator)
        switch Int.random(in: 0..<20, using: &generator) {
        case 0: return .started
        case 1, 2: return .connected(sentinel(name))
        case 3: return .disconnected(sentinel(name), .unreachable("?"))
        case 4: return .unusable(sentinel(name), .nonsense("?"))
        case 5: return .suspect(node(host))
        case 6: return .hint(sentinel(name), SentinelHint(channel: "+x", candidate: node(host)))
        case 7: return .role(node(host), .unreachable("?"))
        case 8: return .role(node(host), .replica(of: nil))
        case 9, 10, 11: return .role(node(host), .master)
        case 12: return .tick
        case 13: return .subscribed(sentinel(name))
        default:
            return .reported(
                sentinel(name),
                SentinelReport(
                    runID: name.uppercased(), master: state(host, epoch),
                    failoverPending: Int.random(in: 0..<8, using: &generator) == 0, peers: peers("abc")))
        }
    }
}

/// A small generator with a seed, so that a failure can be repeated.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
