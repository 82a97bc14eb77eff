package import Binlog

/// Where the shipping of a server's log goes on, from what is in the stores and what the server still has.
package enum ShippingStart: Sendable, Equatable {
    /// Why the log cannot go on where it ended. A restore does not get over it: a new backup is needed.
    package enum Gap: String, Sendable, Codable {
        /// There is no log yet, and no backup that it could follow.
        case first
        /// The server has deleted what comes next.
        case purged
        /// The server lacks what was shipped: another history, as after a failover that lost transactions.
        case diverged
    }

    /// With the transactions after these.
    case goOn(after: GTIDState)
    /// With what the server does from now on.
    case anew(Gap, after: GTIDState)

    package var state: GTIDState {
        switch self {
        case .goOn(let state), .anew(_, let state): state
        }
    }

    /// - Parameters:
    ///   - end: ``BinlogSegment/toState`` of the newest segment, nil without any.
    ///   - backup: Where the newest backup was taken, nil without one or without its GTIDs.
    ///   - executed: What the server has executed.
    ///   - purged: What of it is in none of its logs any more; nil when it does not say, as MariaDB.
    /// - Returns: Where to go on, or that it cannot.
    package static func decide(
        end: GTIDState?, backup: GTIDState?, executed: GTIDState, purged: GTIDState?
    ) -> ShippingStart {
        func fault(_ state: GTIDState) -> Gap? {
            if !executed.isSuperset(of: state) { return .diverged }
            if let purged, !state.isSuperset(of: purged) { return .purged }
            return nil
        }
        if let end {
            return fault(end).map { .anew($0, after: executed) } ?? .goOn(after: end)
        }
        if let backup, fault(backup) == nil { return .goOn(after: backup) }
        return .anew(.first, after: executed)
    }
}

/// When a segment is long enough.
package struct ShippingRhythm: Sendable, Equatable {
    /// From the first transaction in a segment to its end.
    package var interval: Duration
    /// Of the log, before it is compressed.
    package var mostBytes: Int
    /// A transaction that is larger gets a segment of its own, which is packed as it comes.
    package var largeTransaction: Int

    package init(interval: Duration = .seconds(1), mostBytes: Int = 16 << 20, largeTransaction: Int = 8 << 20) {
        self.interval = interval
        self.mostBytes = mostBytes
        self.largeTransaction = largeTransaction
    }

    /// How long the server may be silent when there is nothing to send, so that a segment is ended in time.
    package var heartbeat: Duration { max(.milliseconds(50), min(.milliseconds(500), interval / 4)) }

    /// - Parameters:
    ///   - age: Of the first transaction in it, on this machine's clock; nil when it is empty.
    ///   - bytes: Of the log in it.
    /// - Returns: Whether it is stored now.
    package func isDue(age: Duration?, bytes: Int) -> Bool {
        guard let age else { return false }
        return age >= interval || bytes >= mostBytes
    }

    /// How long to wait after so many attempts in a row that brought nothing, from 1.
    package static func pause(after attempts: Int) -> Duration {
        min(.seconds(5), .milliseconds(100 << min(10, max(0, attempts - 1))))
    }
}
