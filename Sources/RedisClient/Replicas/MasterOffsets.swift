package import NIOCore

/// How far a master's replication stream was at moments of the recent past: by them a replica's own offset says what
/// it holds.
///
/// A master that is asked at `t` for its offset answers with one that covers every write it acknowledged before `t`.
/// A replica of the same history that has reached this offset, whenever that is seen, holds all of them: it is fresh
/// as of `t`. No clock but this process' own is looked at, and a master without writes makes no replica old.
package struct MasterOffsets: Equatable, Sendable {
    private struct Mark: Equatable {
        var asked: NIODeadline
        var offset: Int64
    }

    /// Replicas that are further behind than this many questions are no use to anybody.
    private static let limit = 64

    private var history = ""
    private var marks: [Mark] = []

    package init() {}

    /// The master's answer to a question sent at `asked`: `master_repl_offset` and `master_replid`. Another history,
    /// or an offset that fell, makes all that was known before void.
    package mutating func note(_ offset: Int64, history: String, asked: NIODeadline) {
        if history != self.history || offset < marks.last?.offset ?? 0 {
            self.history = history
            marks = []
        }
        marks.append(Mark(asked: asked, offset: offset))
        if marks.count > Self.limit { marks.removeFirst() }
    }

    /// The last moment of which everything has arrived at a replica with this offset and `master_replid`; nil when
    /// that cannot be said.
    package func freshness(at offset: Int64, history: String) -> NIODeadline? {
        guard history == self.history else { return nil }
        return marks.last { $0.offset <= offset }?.asked
    }
}
