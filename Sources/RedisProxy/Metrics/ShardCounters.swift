/// What one event loop counts. They only grow.
struct ShardCounters: Sendable, Equatable {
    var clientsAccepted: UInt64 = 0
    var clientsRefused: UInt64 = 0
    /// Client connections that ended, by reason.
    var closes = ByCase<CloseReason>()
    var protocolErrors: UInt64 = 0
    var failedHandshakes: UInt64 = 0

    var bytesFromClients: UInt64 = 0
    var bytesToClients: UInt64 = 0
    var bytesToServer: UInt64 = 0

    /// Commands that had to wait for a master, and those that waited in vain.
    var held: UInt64 = 0
    var holdTimeouts: UInt64 = 0
    /// Commands sent a second time after they had been handed over, by effect.
    var replays = ByCase<CommandEffect>()
    /// Private connections whose state and open transaction were built up again on another server.
    var privateReplays: UInt64 = 0
    /// Commands that a server refused to run for the moment, by the first word of its answer.
    var refusals = ByCase<ServerRefusal>()
    /// Lanes connected again after a loss.
    var reconnects: UInt64 = 0
    var slowCommands: UInt64 = 0
    var durability = DurabilityFigures()
    var degraded = DegradedFigures()
    var staleCache = StaleCacheFigures()
    var replicaReads = ReplicaReadFigures()

    mutating func add(_ other: ShardCounters) {
        clientsAccepted &+= other.clientsAccepted
        clientsRefused &+= other.clientsRefused
        closes.add(other.closes)
        protocolErrors &+= other.protocolErrors
        failedHandshakes &+= other.failedHandshakes
        bytesFromClients &+= other.bytesFromClients
        bytesToClients &+= other.bytesToClients
        bytesToServer &+= other.bytesToServer
        held &+= other.held
        holdTimeouts &+= other.holdTimeouts
        replays.add(other.replays)
        privateReplays &+= other.privateReplays
        refusals.add(other.refusals)
        reconnects &+= other.reconnects
        slowCommands &+= other.slowCommands
        durability.add(other.durability)
        degraded.add(other.degraded)
        staleCache.add(other.staleCache)
        replicaReads.add(other.replicaReads)
    }
}

/// How things stand on one event loop at the moment of a snapshot.
package struct ShardGauges: Sendable, Equatable {
    /// Client connections.
    package var clients = 0
    /// Client connections that hold a server connection of their own.
    package var pinned = 0
    /// Shared server connections that are ready.
    package var lanes = 0
    package var heldCommands = 0
    package var heldBytes = 0
    /// Event loops that answer in the server's stead.
    package var degraded = 0
    /// Bytes of keys that the stale-cache guard remembers.
    package var journalBytes = 0

    package init() {}

    package mutating func add(_ other: ShardGauges) {
        clients += other.clients
        pinned += other.pinned
        lanes += other.lanes
        heldCommands += other.heldCommands
        heldBytes += other.heldBytes
        degraded += other.degraded
        journalBytes += other.journalBytes
    }
}

/// The errors by which a server says that it has not run a command.
enum ServerRefusal: String, Sendable, CaseIterable {
    case readOnly = "READONLY"
    case loading = "LOADING"
    case masterDown = "MASTERDOWN"
    case noReplicas = "NOREPLICAS"
    case busy = "BUSY"
    case tryAgain = "TRYAGAIN"
    case other
}

/// A count for each case of a small enumeration. For events that are rare beside commands.
struct ByCase<Case: CaseIterable & Hashable & Sendable>: Sendable, Equatable {
    private var counts: [UInt64]

    init() {
        counts = Array(repeating: 0, count: Case.allCases.count)
    }

    subscript(_ item: Case) -> UInt64 {
        get { counts[Self.index(of: item)] }
        set { counts[Self.index(of: item)] = newValue }
    }

    mutating func add(_ other: Self) {
        for index in counts.indices { counts[index] &+= other.counts[index] }
    }

    private static func index(of item: Case) -> Int {
        var index = 0
        for candidate in Case.allCases {
            if candidate == item { return index }
            index += 1
        }
        preconditionFailure("allCases lacks a case")
    }
}
