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
        /// All rows are read again for their digests.
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

extension RestoreProgress {
    /// From 0 to 1: of what the server has to do, rows take more than half, indexes most of the rest.
    package var fraction: Double {
        guard phase < .done else { return 1 }
        func share(_ part: UInt64, _ whole: UInt64) -> Double {
            whole == 0 ? 1 : min(1, Double(part) / Double(whole))
        }
        let tables = UInt64(expectedTables)
        return min(
            0.99,
            0.6 * share(rawBytes, expectedRawBytes) + 0.3 * share(UInt64(indexedTables), tables)
                + 0.1 * share(UInt64(comparedTables), tables))
    }

    /// How long it will take from here, if it goes on like this. Nil as long as nothing can be said.
    package var remaining: Duration? {
        guard fraction > 0.02 else { return nil }
        return elapsed * ((1 - fraction) / fraction)
    }
}
