import Logging
import NIOCore
import RESP
import RecoveryCore
import Synchronization

/// The servers and sidecars of one switchover, and what it has done to them.
final class SwitchoverStage: Sendable {
    typealias Machine = Switchover<RedisEndpoint>
    /// A sidecar goes on by itself when nothing was heard for this long: less than the clients' patience.
    private static let lease = Duration.milliseconds(500)
    private static let renewal = Duration.milliseconds(100)
    private static let timeout = TimeAmount.milliseconds(400)

    let settings: SwitchoverSettings
    let logger: Logger
    let watcher: SentinelWatcher.Configuration
    let id = "switchover-" + ControlRequest.newNonce()
    let sidecars: SwitchoverSidecars
    let servers: SwitchoverServers
    private let state = Mutex(State())

    private struct State {
        enum Grip { case none, claim, hold }
        var grip = Grip.none
        var sentinel: RedisEndpoint?
        var survey: Machine.Survey?
        var pausedSince: ContinuousClock.Instant?
        var pause: Duration = .zero
        var priorities: [RedisEndpoint: Int64] = [:]
        var wasAnswered = false
        var isRepointed = false
        var markerFound: Bool?
    }

    init(_ settings: SwitchoverSettings, _ logger: Logger) {
        self.settings = settings
        self.logger = logger
        var watcher = SentinelWatcher.Configuration(
            sentinels: settings.sentinels, service: settings.service,
            sentinelCredentials: settings.sentinelCredentials, serverCredentials: settings.credentials,
            eventLoopGroup: settings.eventLoopGroup)
        watcher.tls = settings.tls
        self.watcher = watcher
        sidecars = SwitchoverSidecars(settings)
        servers = SwitchoverServers(watcher, operator: settings.operatorCredentials)
    }

    var markerFound: Bool? { state.withLock { $0.markerFound } }
    private var marker: String { "breakwater:\(id)" }

    func close() async { servers.close() }

    /// Renews the leases until it is cancelled.
    func keepLeases() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.renewal)
            let (grip, survey, sentinel) = state.withLock { ($0.grip, $0.survey, $0.sentinel) }
            guard grip != .none, let survey, let order = order(survey, sentinel) else { continue }
            // A renewal that fails is made good by the next; a lease that ends costs time and no data.
            async let renewed: Void = sidecars.renew(order, isHolding: grip == .hold)
            if let pause = duePause { _ = try? await servers.send(survey.master, Self.pause(pause)) }
            await renewed
        }
    }

    /// How long to pause for, when the pause should be renewed.
    private var duePause: Duration? {
        state.withLock { state in
            guard let since = state.pausedSince, let survey = state.survey else { return nil }
            // Sentinel's PUBLISH waits behind the pause and its PINGs behind that: it must end before down-after.
            return ContinuousClock.now - since + state.pause < survey.downAfter * 4 / 5 ? state.pause : nil
        }
    }

    private static func pause(_ time: Duration) -> [String] {
        ["CLIENT", "PAUSE", "\(TimeAmount(time).nanoseconds / 1_000_000)", "WRITE"]
    }

    private func order(_ survey: Machine.Survey, _ sentinel: RedisEndpoint?, drain: Duration? = nil) -> BarrierOrder? {
        guard let epoch = survey.chosen?.epoch else { return nil }
        return BarrierOrder(
            id: id, service: settings.service, leaseMs: TimeAmount(Self.lease).nanoseconds / 1_000_000,
            master: survey.master.description, epoch: epoch, sentinel: sentinel?.description,
            drainMs: drain.map { TimeAmount($0).nanoseconds / 1_000_000 })
    }

    // MARK: Actions

    func perform(_ action: Machine.Action, _ survey: Machine.Survey?) async -> Machine.Event {
        do {
            if action == .survey {
                let survey = try await SwitchoverSurveyor(settings, watcher, servers, sidecars).survey()
                state.withLock { $0.survey = survey }
                return .surveyed(survey)
            }
            guard let survey else { return .failed("there was no survey") }
            return try await perform(action, survey)
        } catch {
            return .failed("\(error)")
        }
    }

    private func perform(_ action: Machine.Action, _ survey: Machine.Survey) async throws -> Machine.Event {
        switch action {
        case .survey, .report: return .done
        case .claim: return try await claim(survey)
        case .prefer(let priorities): return try await prefer(priorities, survey)
        case .hold: return try await hold(survey)
        case .mark: return try await mark(survey)
        case .pause(let time):
            try await servers.expectOK(survey.master, Self.pause(time))
            state.withLock { state in
                state.pausedSince = .now
                state.pause = time
            }
            return .done
        case .compare: return try await compare(survey)
        case .announce(let sentinel):
            guard let order = order(survey, sentinel) else { return .failed("no Sentinel answers") }
            state.withLock { $0.sentinel = sentinel }
            _ = try await sidecars.hold(order, survey, settings.without)
            return .done
        case .request(let sentinel): return await request(sentinel, survey)
        case .watch: return try await watch(survey)
        case .repoint(let others, let new): return try await repoint(others, to: new, survey)
        case .release:
            state.withLock { $0.grip = .none }
            await sidecars.release(id, .switched)
            return .done
        case .confirm(let node): return try await confirm(node, survey)
        case .finish:
            await clear(survey, .switched)
            return .done
        case .undo:
            await clear(survey, .undone)
            return .done
        }
    }

    private func claim(_ survey: Machine.Survey) async throws -> Machine.Event {
        guard let order = order(survey, nil) else { return .failed("no Sentinel answers") }
        try await sidecars.claim(order, survey, settings.without)
        state.withLock { $0.grip = .claim }
        return .done
    }

    /// Sets the priorities and waits until the Sentinel to be asked has seen them: it asks every 10 s.
    private func prefer(_ priorities: [RedisEndpoint: Int64], _ survey: Machine.Survey) async throws -> Machine.Event {
        guard let chosen = survey.chosen else { return .failed("no Sentinel answers") }
        for (node, priority) in priorities.sorted(by: { $0.key < $1.key }) {
            let old = survey.replicas.first { $0.node == node }?.state?.priority ?? 100
            state.withLock { $0.priorities[node] = old }
            try await servers.setPriority(priority, of: node)
        }
        let deadline = ContinuousClock.now + .seconds(15)
        while ContinuousClock.now < deadline {
            let seen = try await servers.priorities(chosen.endpoint, settings.service)
            if priorities.allSatisfy({ seen[$0.key] == $0.value }) { return .done }
            try await Task.sleep(for: .milliseconds(100))
        }
        return .failed("the Sentinel \(chosen.endpoint) did not notice the new priorities within 15 s")
    }

    private func hold(_ survey: Machine.Survey) async throws -> Machine.Event {
        guard let order = order(survey, nil, drain: .milliseconds(50)) else { return .failed("no Sentinel answers") }
        state.withLock { $0.grip = .hold }
        return .held(inFlight: try await sidecars.hold(order, survey, settings.without))
    }

    private func mark(_ survey: Machine.Survey) async throws -> Machine.Event {
        let replies = try await servers.pipeline(
            survey.master,
            [["SET", marker, id, "PX", "60000"], ["WAIT", "\(max(1, survey.minReplicas))", "200"]])
        if let error = replies.lazy.compactMap(\.errorMessage).first { return .failed("the master said \(error)") }
        guard let count = replies[1].integer, count >= max(1, survey.minReplicas) else {
            return .failed("no replica acknowledged the marker in time")
        }
        return .done
    }

    /// The master first: what it adds from now on are its PINGs to the replicas, for it takes no writes.
    private func compare(_ survey: Machine.Survey) async throws -> Machine.Event {
        let master = try await servers.replication(survey.master)
        guard let offset = master["master_repl_offset"].flatMap({ Int64($0) }), master["role"] == "master" else {
            return .failed("the master is none any more")
        }
        // All that Sentinel could select, for it asks nobody about offsets of this moment.
        let candidates = survey.replicas.filter { ($0.state?.priority ?? 0) > 0 && $0.state?.isLinkUp == true }
        var isEqual = !candidates.isEmpty
        for candidate in candidates {
            let state = ReplicaState<RedisEndpoint>(information: try await servers.information(candidate.node))
            guard let state, state.master == survey.master, state.offset >= offset else {
                isEqual = false
                break
            }
        }
        if !isEqual { try await Task.sleep(for: .milliseconds(2)) }
        return .compared(isEqual: isEqual)
    }

    private func request(_ sentinel: RedisEndpoint, _ survey: Machine.Survey) async -> Machine.Event {
        guard let chosen = survey.chosen, chosen.endpoint == sentinel else { return .failed("no Sentinel answers") }
        let request = FailoverRequest(
            sentinel: sentinel, runID: chosen.runID, master: survey.master, epoch: chosen.epoch)
        let answer = await FailoverQuestion.ask(request, watcher)
        if answer == .accepted || answer == .inProgress { state.withLock { $0.wasAnswered = true } }
        return .answered(answer)
    }

    private func watch(_ survey: Machine.Survey) async throws -> Machine.Event {
        for _ in 0..<8 {
            if let node = await servers.promoted(among: survey.replicas.map(\.node)) {
                return .watched(.promoted(node))
            }
            try await Task.sleep(for: .milliseconds(4))
        }
        // It may never have heard of the request, or hear of it late: then nobody can say that it gave up.
        guard state.withLock({ $0.wasAnswered }), let chosen = survey.chosen else { return .watched(.pending) }
        let isFailingOver = (try? await servers.isFailingOver(chosen.endpoint, settings.service, survey.master)) ?? true
        return .watched(isFailingOver ? .pending : .givenUp)
    }

    private func repoint(
        _ others: [RedisEndpoint], to new: RedisEndpoint, _ survey: Machine.Survey
    ) async throws -> Machine.Event {
        if !state.withLock({ $0.isRepointed }) {
            // The old master must not take a write again: from here on the pause has done its work.
            await servers.repoint(others, to: new)
            state.withLock { state in
                state.isRepointed = true
                state.pausedSince = nil
            }
            _ = try? await servers.send(survey.master, ["CLIENT", "UNPAUSE"])
            let found = try? await servers.send(new, ["GET", marker])
            state.withLock { $0.markerFound = found?.string == id }
        }
        // The first write of the new master: until a replica follows it, `min-replicas-to-write` refuses.
        let reply = try await servers.send(new, ["SET", marker, id, "PX", "60000"])
        let isWritable = reply.errorMessage == nil
        if !isWritable { try await Task.sleep(for: .milliseconds(3)) }
        return .repointed(isWritable: isWritable)
    }

    private func confirm(_ node: RedisEndpoint, _ survey: Machine.Survey) async throws -> Machine.Event {
        let old = survey.chosen?.epoch ?? 0
        let deadline = ContinuousClock.now + .seconds(10)
        while ContinuousClock.now < deadline {
            if let named = await servers.named(by: settings.sentinels, settings.service), named.epoch > old {
                return .confirmed(named.endpoint, epoch: named.epoch)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return .failed("no majority of the Sentinels has named \(node) within 10 s")
    }

    /// Puts right what was changed for the switchover, as far as servers answer.
    private func clear(_ survey: Machine.Survey, _ outcome: BarrierRelease.Outcome) async {
        let (grip, wasPaused, priorities) = state.withLock { state in
            defer {
                state.grip = .none
                state.pausedSince = nil
                state.priorities = [:]
            }
            return (state.grip, state.pausedSince != nil, state.priorities)
        }
        if wasPaused { _ = try? await servers.send(survey.master, ["CLIENT", "UNPAUSE"]) }
        if grip != .none || outcome == .undone { await sidecars.release(id, outcome) }
        for (node, priority) in priorities {
            do {
                // Sentinel had the node write its configuration meanwhile.
                try await servers.setPriority(priority, of: node, rewrites: true)
            } catch {
                logger.warning("the replica-priority of \(node) could not be set back to \(priority): \(error)")
            }
        }
    }
}
