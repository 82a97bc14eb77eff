/// Which rows of a table one chunk holds, by an integer column that is never NULL: `lower ≤ key < upper`.
///
/// Without a bound it is open to that side, whatever the column's type: the ranges of a plan are cut out of *all*
/// integers, so that no row is outside of them, not one inserted with a key beyond those that planning has seen either.
package struct KeyRange: Sendable, Hashable {
    package var lower: Int128?
    package var upper: Int128?

    /// Every row.
    package static let everything = KeyRange(lower: nil, upper: nil)

    package init(lower: Int128?, upper: Int128?) {
        self.lower = lower
        self.upper = upper
    }

    package func contains(_ key: Int128) -> Bool {
        (lower.map { $0 <= key } ?? true) && (upper.map { key < $0 } ?? true)
    }

    /// The ranges that these cuts make: one more than there are cuts, in order, each starting where the one before it
    /// ends, the first and the last one open. The cuts are in strictly ascending order.
    package static func cutting(at cuts: [Int128]) -> [KeyRange] {
        let lowers: [Int128?] = [nil] + cuts
        let uppers: [Int128?] = cuts + [nil]
        return zip(lowers, uppers).map(KeyRange.init)
    }

    /// Whether every integer is in exactly one of `ranges`: read in order they leave no gap and do not overlap.
    package static func coverEverything(_ ranges: [KeyRange]) -> Bool {
        guard let first = ranges.first, let last = ranges.last, first.lower == nil, last.upper == nil else {
            return false
        }
        guard
            ranges.allSatisfy({ range in
                guard let lower = range.lower, let upper = range.upper else { return true }
                return lower < upper
            })
        else { return false }
        return zip(ranges, ranges.dropFirst()).allSatisfy { $0.upper != nil && $0.upper == $1.lower }
    }
}

extension KeyRange: CustomStringConvertible {
    package var description: String {
        switch (lower, upper) {
        case (nil, nil): "all keys"
        case (let lower?, nil): "keys from \(lower)"
        case (nil, let upper?): "keys below \(upper)"
        case (let lower?, let upper?): "keys from \(lower) to below \(upper)"
        }
    }
}
