import NIOCore
import RedisClient

/// A switchover's grip on this sidecar: first a claim, then a hold of all commands, each a lease that ends by itself. A
/// value: events and the time go in, actions come out.
///
/// Safety: the barrier only ever *adds* a reason to hold. What it lets through afterwards goes where the Sentinel
/// tracker says, so a lease that ends early or late can cost time and not data.
struct Barrier: Equatable, Sendable {
    /// One switchover may not hold for longer than this, however often it renews its lease.
    static let longestHold = TimeAmount.seconds(30)

    enum Event: Equatable, Sendable {
        case claim(id: String, lease: TimeAmount)
        /// `sentinel` is the one about to be asked for a failover of `master`.
        case hold(id: String, lease: TimeAmount, master: RedisEndpoint, sentinel: RedisEndpoint?)
        case release(id: String, BarrierRelease.Outcome)
        /// ``nextWake`` has come.
        case tick
    }

    enum Action: Equatable, Sendable {
        /// Send nothing to the master from now on.
        case hold
        /// Go on.
        case open
        /// The Sentinel is about to be asked.
        case expect(RedisEndpoint, master: RedisEndpoint)
        /// Nothing comes of it.
        case forget(RedisEndpoint)
        /// Whoever wanted to ask it is gone: nobody knows whether it was asked.
        case abandon(RedisEndpoint)
        /// Another switchover has this sidecar.
        case refuse(holder: String)
        /// It has held for too long.
        case refuseLonger
        /// It has let go already: this order was overtaken.
        case refuseLate
    }

    private enum State: Equatable {
        case open
        case claimed(id: String, until: NIODeadline)
        case holding(id: String, since: NIODeadline, until: NIODeadline, sentinel: RedisEndpoint?)
    }

    private var state = State.open
    private(set) var expired: UInt64 = 0
    private var released: String?

    var holder: String? {
        switch state {
        case .open: nil
        case .claimed(let id, _), .holding(let id, _, _, _): id
        }
    }
    var isHolding: Bool { if case .holding = state { true } else { false } }
    /// When to send `tick` at the latest.
    var nextWake: NIODeadline? {
        switch state {
        case .open: nil
        case .claimed(_, let until), .holding(_, _, let until, _): until
        }
    }

    mutating func handle(_ event: Event, now: NIODeadline) -> [Action] {
        var actions = expire(now)
        switch event {
        case .claim(let id, let lease):
            if let refusal = refusal(id) { return actions + [refusal] }
            // A hold is not taken back by a late claim.
            if !isHolding { state = .claimed(id: id, until: now + lease) }
        case .hold(let id, let lease, let master, let sentinel):
            if let refusal = refusal(id) { return actions + [refusal] }
            var since = now
            var known: RedisEndpoint?
            if case .holding(_, let began, _, let former) = state { (since, known) = (began, former) }
            guard now - since < Self.longestHold else { return actions + [.refuseLonger] }
            if !isHolding { actions.append(.hold) }
            if let sentinel, sentinel != known { actions.append(.expect(sentinel, master: master)) }
            state = .holding(id: id, since: since, until: now + lease, sentinel: sentinel ?? known)
        case .release(let id, let outcome):
            released = id
            guard holder == id else { break }
            if case .holding(_, _, _, let sentinel) = state {
                if let sentinel, outcome == .undone { actions.append(.forget(sentinel)) }
                actions.append(.open)
            }
            state = .open
        case .tick:
            break
        }
        return actions
    }

    private func refusal(_ id: String) -> Action? {
        if let holder, holder != id { return .refuse(holder: holder) }
        return released == id ? .refuseLate : nil
    }

    private mutating func expire(_ now: NIODeadline) -> [Action] {
        guard let nextWake, nextWake <= now else { return [] }
        defer { state = .open }
        guard case .holding(_, _, _, let sentinel) = state else { return [] }
        expired += 1
        return (sentinel.map { [.abandon($0)] } ?? []) + [.open]
    }
}
