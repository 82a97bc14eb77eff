/// What a shopper knows of his cart. Pure.
///
/// What was acknowledged must be in it; what was sent and not answered may be, now or later; nothing else is.
package struct ShoppersCart: Sendable, Equatable {
    package enum Verdict: Sendable, Equatable {
        case right
        /// Goods that were acknowledged are missing: so many.
        case lost(Int)
        /// Goods that nobody put in: so many.
        case foreign(Int)
    }

    /// Acknowledged, by product.
    package private(set) var certain: [Int: Int] = [:]
    /// Sent, and nobody knows.
    package private(set) var possible: [Int: Int] = [:]

    package init() {}

    package mutating func added(_ product: Int, acknowledged: Bool) {
        if acknowledged { certain[product, default: 0] += 1 } else { possible[product, default: 0] += 1 }
    }

    /// Whether the shopper can still say exactly what is in it.
    package var isCertain: Bool { possible.isEmpty }

    package func judge(_ seen: [Int: Int]) -> Verdict {
        var lost = 0
        var foreign = 0
        for product in Set(seen.keys).union(certain.keys) {
            let (count, least) = (seen[product] ?? 0, certain[product] ?? 0)
            lost += max(0, least - count)
            foreign += max(0, count - least - (possible[product] ?? 0))
        }
        return lost > 0 ? .lost(lost) : foreign > 0 ? .foreign(foreign) : .right
    }
}
