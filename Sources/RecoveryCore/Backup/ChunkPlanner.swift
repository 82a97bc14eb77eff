/// Finds where to cut the ranges of an integer key so that the chunks hold about as many rows each, however the keys
/// are spread.
///
/// A span of keys says nothing about rows: ids have gaps of billions, and one row at the end of the type. So the
/// planner halves spans and asks for the server's estimate of each (an index dive, `EXPLAIN`), until none holds more
/// rows than a chunk should. Estimates may be wrong by any factor, or hostile: they decide how well chunks are balanced,
/// never which rows they hold, for ``KeyRange/cutting(at:)`` covers every integer whatever the cuts.
package struct ChunkPlanner: Sendable {
    package enum Step: Sendable, Equatable {
        /// Estimate the rows in each of these spans, both ends included, and give the numbers to ``answer(_:)``.
        case estimate([ClosedRange<Int128>])
        case done([KeyRange])
    }

    private struct Span {
        var keys: ClosedRange<Int128>
        var rows: UInt64?

        var isDivisible: Bool { keys.lowerBound < keys.upperBound }
    }

    /// Each halving of a 64-bit type is one round.
    private static let mostRounds = 66

    private var spans: [Span]
    private var rounds = 0
    private let target: UInt64
    private let most: Int

    /// - Parameters:
    ///   - keys: The lowest and the highest key that the table has; `nil` when it is empty.
    ///   - target: How many rows a chunk should hold.
    ///   - most: How many chunks there may be.
    package init(keys: ClosedRange<Int128>?, target: UInt64, most: Int) {
        spans = keys.map { [Span(keys: $0)] } ?? []
        self.target = max(1, target)
        self.most = max(1, most)
    }

    /// What to do next. The same until it is answered.
    package var step: Step {
        let open = spans.filter { $0.rows == nil }
        return open.isEmpty ? .done(KeyRange.cutting(at: cuts)) : .estimate(open.map(\.keys))
    }

    /// Takes the estimates for the spans of ``step``, in their order; what is missing counts as no rows.
    package mutating func answer(_ estimates: [UInt64]) {
        var estimates = estimates[...]
        for index in spans.indices where spans[index].rows == nil { spans[index].rows = estimates.popFirst() ?? 0 }
        rounds += 1
        mergeNearlyEmpty()
        let heavy = spans.count { $0.isDivisible && $0.rows ?? 0 > target }
        guard rounds < Self.mostRounds, spans.count + heavy <= most * 4 else { return }
        spans = spans.flatMap { span in
            guard span.isDivisible, span.rows ?? 0 > target else { return [span] }
            let middle = span.keys.lowerBound + (span.keys.upperBound - span.keys.lowerBound) / 2
            return [Span(keys: span.keys.lowerBound...middle), Span(keys: (middle + 1)...span.keys.upperBound)]
        }
    }

    /// A gap leaves a nearly empty half behind in every round: neighbours of that kind become one.
    private mutating func mergeNearlyEmpty() {
        var merged: [Span] = []
        for span in spans {
            if let last = merged.last, let before = last.rows, let rows = span.rows,
                before.addingSaturating(rows) <= target / 4
            {
                merged[merged.count - 1] = Span(
                    keys: last.keys.lowerBound...span.keys.upperBound, rows: before + rows)
            } else {
                merged.append(span)
            }
        }
        spans = merged
    }

    /// The first keys of all chunks but the first: neighbours are put together until they have enough rows.
    private var cuts: [Int128] {
        let total = spans.reduce(UInt64(0)) { $0.addingSaturating($1.rows ?? 0) }
        let enough = max(target, total / UInt64(most) + 1)
        var cuts: [Int128] = []
        var held: UInt64 = 0
        for span in spans {
            let rows = span.rows ?? 0
            // Half a chunk too much is better than an almost empty one behind it.
            if held > 0, held.addingSaturating(rows) > enough.addingSaturating(enough / 2), cuts.count < most - 1 {
                cuts.append(span.keys.lowerBound)
                held = 0
            }
            held = held.addingSaturating(rows)
        }
        return cuts
    }
}

extension UInt64 {
    fileprivate func addingSaturating(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
