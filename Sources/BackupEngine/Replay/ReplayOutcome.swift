package import RecoveryCore

/// What a replay has done.
package struct ReplayOutcome: Sendable, Equatable {
    /// That changed something of the database; those of an earlier attempt included.
    package var transactions = 0
    package var events = 0
    /// Statements about accounts and the server.
    package var skippedAccounts = 0
    /// The last transaction that was done or had nothing for the database; nil when there was none.
    package var lastGTID: String?
    /// When it was committed.
    package var until: LogTime?
    /// Everything that was committed until then is in the log; nil when no segment was needed.
    package var coveredUntil: LogTime?
    /// The first transaction that was not done; nil when the log has none.
    package var stoppedBefore: String?
}

/// How far it is.
package struct ReplayProgress: Sendable {
    package var transactions: Int
    package var committedAt: LogTime
    package var segments: Int
    package var expectedSegments: Int
}
