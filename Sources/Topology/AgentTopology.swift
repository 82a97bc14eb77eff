/// The agents of a store: which nodes run which jobs, and what they keep on their machine.
package struct AgentTopology: Sendable, Equatable {
    /// The nodes that back the database up, verify and prune; nil: every one that runs an agent. Only one of them runs
    /// a job at a time.
    package var nodes: [String]?
    /// The nodes that back files up; nil: those of `web`.
    package var fileNodes: [String]?
    /// The private key of the backups, which verifications need; the same path on every node that verifies.
    package var identity: String?
    package var state: String
    package var socket: String
    /// The longest time from a moment of a schedule to its run.
    package var jitter: Duration
    /// After which a job that should have run is reported.
    package var missedAfter: Duration
    /// How long the holder of a job may be silent before another node takes it over.
    package var lease: Duration
    package var maxShippingLag: Duration
    /// How old the newest verified backup may become; nil: twice the time between verifications, and a day.
    package var maxVerifiedAge: Duration?

    package static let standardState = "/var/lib/breakwater/agent"
    package static let standardSocket = "/run/breakwater/agent.sock"

    init(reading section: SectionReader) {
        nodes = section.list("nodes", .label(63))
        fileNodes = section.list("file_nodes", .label(63))
        identity = section.text("identity", .plainPath)
        state = section.text("state", .plainPath) ?? Self.standardState
        socket = section.text("socket", .plainPath) ?? Self.standardSocket
        jitter = section.value("jitter", in: .zero...(.seconds(3_600))) ?? .zero
        missedAfter = section.value("missed_after", in: .seconds(1)...(.seconds(86_400))) ?? .seconds(3_600)
        lease = section.value("lease", in: .seconds(2)...(.seconds(3_600))) ?? .seconds(60)
        maxShippingLag = section.value("max_shipping_lag", in: .seconds(1)...(.seconds(86_400))) ?? .seconds(30)
        maxVerifiedAge = section.value("max_verified_age", in: .seconds(1)...(.seconds(400 * 86_400)))
        section.finish()
    }
}
