/// How far a dump is.
package struct DumpProgress: Sendable, Equatable {
    package var rows: UInt64 = 0
    /// The server's estimate; nobody knows how many there are before they were read.
    package var expectedRows: UInt64 = 0
    /// Of SQL text, and of what was handed to the store.
    package var rawBytes: UInt64 = 0
    package var storedBytes: UInt64 = 0
    package var objects = 0
    package var expectedObjects = 0
    package var elapsed = Duration.zero

    package init() {}

    /// From 0 to 1; never 1 before the last object is stored.
    package var fraction: Double {
        guard objects < expectedObjects else { return expectedObjects == 0 ? 0 : 1 }
        return min(0.99, Double(rows) / Double(max(1, expectedRows)))
    }

    /// How long it will take from here, if it goes on like this. Nil as long as nothing can be said.
    package var remaining: Duration? {
        guard fraction > 0.01 else { return nil }
        return elapsed * ((1 - fraction) / fraction)
    }
}
