import Logging
import NIOCore
import NIOPosix
package import RedisClient
import Synchronization

/// What the control API asks of the sidecar.
extension RedisProxyService: ControlledSidecar {
    package func observe() -> Observation {
        let sight = watcher.sight
        return Observation(
            service: configuration.service, master: sight?.master.description, epoch: sight?.epoch,
            misses: sight?.misses)
    }

    package func report() async -> SidecarReport {
        let status = await status()
        let configuration = configuration
        let (holder, isHolding) = barrier.withLock { ($0.holder, $0.isHolding) }
        let isConfirmed = if case .available = status.watcher.phase { true } else { false }
        var report = SidecarReport(
            service: status.service, ready: status.unreadiness == nil, reason: status.unreadiness,
            master: status.watcher.phase.last?.endpoint.description, epoch: status.watcher.phase.last?.epoch,
            confirmed: isConfirmed, barrier: holder, holding: isHolding,
            holdMs: TimeAmount(configuration.hold).nanoseconds / 1_000_000, earlyRelease: configuration.earlyRelease,
            clients: status.metrics.gauges.clients)
        report.degradation = await degradation()
        return report
    }

    package func claim(_ order: BarrierOrder) throws(BarrierRefusal) -> BarrierState {
        try check(order)
        try apply(.claim(id: order.id, lease: lease(order)))
        return BarrierState(holding: false, inFlight: 0)
    }

    package func hold(_ order: BarrierOrder) async throws(BarrierRefusal) -> BarrierState {
        let master = try check(order)
        let sentinel = try order.sentinel.map { text throws(BarrierRefusal) in
            guard let endpoint = RedisEndpoint(parsing: text) else { throw BarrierRefusal("\(text) is no address") }
            return endpoint
        }
        try apply(.hold(id: order.id, lease: lease(order), master: master, sentinel: sentinel))
        let deadline = ContinuousClock.now + .milliseconds(min(1_000, max(0, order.drainMs ?? 0)))
        var inFlight = await commandsInFlight()
        while inFlight > 0, ContinuousClock.now < deadline {
            try? await Task.sleep(for: .milliseconds(1))
            inFlight = await commandsInFlight()
        }
        return BarrierState(holding: barrier.withLock { $0.isHolding && $0.holder == order.id }, inFlight: inFlight)
    }

    package func release(_ release: BarrierRelease) {
        try? apply(.release(id: release.id, release.outcome))
    }

    /// Whoever wants to replace a master must mean the one that this sidecar uses.
    @discardableResult
    private func check(_ order: BarrierOrder) throws(BarrierRefusal) -> RedisEndpoint {
        guard order.service == configuration.service else {
            throw BarrierRefusal("this sidecar follows \(configuration.service), not \(order.service)")
        }
        guard (1...64).contains(order.id.utf8.count) else { throw BarrierRefusal("the id is too short or too long") }
        let phase = watcher.status.phase
        guard let state = phase.last, phase.usable != nil || barrier.withLock({ $0.holder == order.id }) else {
            throw BarrierRefusal("this sidecar has no master at the moment")
        }
        guard state.endpoint.description == order.master, state.epoch == order.epoch else {
            throw BarrierRefusal("this sidecar follows \(state), not \(order.master) at epoch \(order.epoch)")
        }
        return state.endpoint
    }

    private func lease(_ order: BarrierOrder) -> TimeAmount {
        .milliseconds(min(BarrierOrder.longestLease, max(50, order.leaseMs)))
    }

    private func commandsInFlight() async -> Int {
        var count = 0
        for shard in shards {
            count += (try? await shard.eventLoop.submit { shard.value?.inFlight ?? 0 }.get()) ?? 0
        }
        return count
    }

    private func apply(_ event: Barrier.Event) throws(BarrierRefusal) {
        // Performed under the lock, so that what two events cause happens in the order of the events.
        let refusal: BarrierRefusal? = barrier.withLock { barrier in
            let actions = barrier.handle(event, now: .now())
            for action in actions { perform(action) }
            if let wake = barrier.nextWake {
                watcherGroup.next().scheduleTask(deadline: wake) { try? self.apply(.tick) }
            }
            return actions.lazy.compactMap(\.refusal).first
        }
        if let refusal { throw refusal }
    }

    private func perform(_ action: Barrier.Action) {
        switch action {
        case .hold:
            logger.notice("a switchover holds all commands")
            for shard in shards { shard.eventLoop.execute { shard.value?.bar(true) } }
        case .open:
            logger.notice("commands go on")
            for shard in shards { shard.eventLoop.execute { shard.value?.bar(false) } }
        case .expect(let sentinel, let master): watcher.failoverExpected(of: master, by: sentinel)
        case .forget(let sentinel): watcher.failoverDeclined(by: sentinel)
        case .abandon(let sentinel):
            logger.warning("the switchover's lease has run out: its coordinator is gone")
            watcher.failoverAbandoned(by: sentinel)
        case .refuse, .refuseLonger, .refuseLate: break
        }
    }
}

extension Barrier.Action {
    fileprivate var refusal: BarrierRefusal? {
        switch self {
        case .refuse(let holder): BarrierRefusal("another switchover is under way (\(holder))")
        case .refuseLonger: BarrierRefusal("the switchover has held for too long")
        case .refuseLate: BarrierRefusal("the switchover has let go already")
        case .hold, .open, .expect, .forget, .abandon: nil
        }
    }
}
