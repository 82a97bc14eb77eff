/// How far a restore is.
package struct RestoreProgress: Sendable, Equatable {
    package enum Phase: String, Sendable, CaseIterable, Comparable {
        /// Looking at the target, and making what rows go into.
        case preparing
        /// Rows, and the indexes of tables that are complete.
        case loading
        /// The indexes and foreign keys that are left.
        case finishing
        /// Views, routines, triggers and events.
        case programs
        /// The server computes digests.
        case comparing
        case done

        package static func < (lhs: Self, rhs: Self) -> Bool {
            (allCases.firstIndex(of: lhs) ?? 0) < (allCases.firstIndex(of: rhs) ?? 0)
        }
    }

    package var phase = Phase.preparing
    package var rows: UInt64 = 0
    package var expectedRows: UInt64 = 0
    /// Of SQL text, and of what was read from the store.
    package var rawBytes: UInt64 = 0
    package var expectedRawBytes: UInt64 = 0
    package var storedBytes: UInt64 = 0
    package var objects = 0
    package var expectedObjects = 0
    /// Tables whose indexes are built, and tables that are compared.
    package var indexedTables = 0
    package var comparedTables = 0
    package var expectedTables = 0
    package var elapsed = Duration.zero

    package init() {}
}
