/// What can be asked of a sidecar on its control address; `POST /control/VERB` with a JSON body.
package enum ControlVerb: String, Sendable, CaseIterable {
    /// What this observer sees of the master: ``Observation``.
    case observe
    /// Reserve the barrier for one switchover, without holding anything: ``BarrierOrder``.
    case claim
    /// Hold all commands and drain, or go on doing so: ``BarrierOrder``.
    case hold
    /// Let go, whatever of it is one's own: ``BarrierRelease``.
    case release
    /// ``SidecarReport``
    case status
}

/// The answer to `observe`.
package struct Observation: Codable, Equatable, Sendable {
    package var service: String
    /// The master that is watched; nil when none is.
    package var master: String?
    package var epoch: UInt64?
    /// It was reached before, and has now crashed or been silent for as long as `hang_after`; nil when this sidecar
    /// does not watch it.
    package var misses: Bool?

    package init(service: String, master: String?, epoch: UInt64?, misses: Bool?) {
        self.service = service
        self.master = master
        self.epoch = epoch
        self.misses = misses
    }
}

/// What `claim` and `hold` ask. Either is a lease: it ends by itself, so that a coordinator that died holds nothing for
/// long. Asking again, with the same id, renews it.
package struct BarrierOrder: Codable, Equatable, Sendable {
    /// Of the switchover: one sidecar belongs to one at a time.
    package var id: String
    package var service: String
    package var leaseMs: Int64
    /// The master that is to be replaced. The sidecar refuses when it follows another.
    package var master: String
    package var epoch: UInt64
    /// The Sentinel that is about to be asked for the failover, once that is certain.
    package var sentinel: String?
    /// How long the answer may wait for all commands under way to be answered.
    package var drainMs: Int64?

    package init(
        id: String, service: String, leaseMs: Int64, master: String, epoch: UInt64, sentinel: String? = nil,
        drainMs: Int64? = nil
    ) {
        self.id = id
        self.service = service
        self.leaseMs = leaseMs
        self.master = master
        self.epoch = epoch
        self.sentinel = sentinel
        self.drainMs = drainMs
    }

    /// The longest lease that is given, in milliseconds.
    package static let longestLease: Int64 = 5_000
}

/// The answer to `claim` and `hold` when they are granted.
package struct BarrierState: Codable, Equatable, Sendable {
    package var holding: Bool
    /// Commands that were sent to the master and are not answered, transactions included; blocking ones are not.
    package var inFlight: Int

    package init(holding: Bool, inFlight: Int) {
        self.holding = holding
        self.inFlight = inFlight
    }
}

package struct BarrierRelease: Codable, Equatable, Sendable {
    package enum Outcome: String, Codable, Sendable {
        /// Another node is master; or nobody knows, and the Sentinels say.
        case switched
        /// Everything is as before: no Sentinel was asked, or it declined.
        case undone
    }

    package var id: String
    package var outcome: Outcome

    package init(id: String, outcome: Outcome) {
        self.id = id
        self.outcome = outcome
    }
}

/// How a cache's sidecar that answers without a server stands.
package enum Degradation: String, Codable, Sendable {
    /// It knows no master.
    case waiting
    /// It has one, and waits for the other sidecars.
    case returning
}

/// The answer to `status`.
package struct SidecarReport: Codable, Equatable, Sendable {
    package var service: String
    /// Ready, as `/readyz` says.
    package var ready: Bool
    package var reason: String?
    package var master: String?
    package var epoch: UInt64?
    /// A majority has named the master in use.
    package var confirmed: Bool
    /// Whose barrier it is under: the id of a switchover.
    package var barrier: String?
    package var holding: Bool
    package var holdMs: Int64
    package var earlyRelease: Bool
    package var clients: Int
    /// Nil when commands are answered by a server.
    package var degradation: Degradation?

    package init(
        service: String, ready: Bool, reason: String?, master: String?, epoch: UInt64?, confirmed: Bool,
        barrier: String?, holding: Bool, holdMs: Int64, earlyRelease: Bool, clients: Int
    ) {
        self.service = service
        self.ready = ready
        self.reason = reason
        self.master = master
        self.epoch = epoch
        self.confirmed = confirmed
        self.barrier = barrier
        self.holding = holding
        self.holdMs = holdMs
        self.earlyRelease = earlyRelease
        self.clients = clients
    }
}

/// The answer when something is not done: the status says of which kind.
package struct ControlRefusal: Codable, Equatable, Sendable {
    package var error: String

    package init(error: String) {
        self.error = error
    }
}
