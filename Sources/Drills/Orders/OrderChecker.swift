/// Compares the orders that shoppers placed with those that a database holds. Pure.
package struct OrderChecker: Sendable {
    /// An order of a shopper as the database holds it.
    package struct Found: Sendable, Hashable {
        package var client: Int
        package var page: Int
        /// With its placeholder, its addresses, all its items and what is known of them.
        package var isWhole: Bool

        package init(client: Int, page: Int, isWhole: Bool = true) {
            (self.client, self.page, self.isWhole) = (client, page, isWhole)
        }
    }

    private struct Name: Hashable {
        var client: Int
        var page: Int
    }

    /// Classifies the orders of all shoppers. `found` has a value for each row of an order; of orders acknowledged later
    /// than `until` nothing is expected, but that they are not torn or there twice.
    package static func check(
        _ histories: [ClientHistory], found: [Found], until: Int64 = .max
    ) -> Checker.Result {
        var result = Checker.Result()
        let rows = Dictionary(grouping: found) { Name(client: $0.client, page: $0.page) }
        var known: Set<Name> = []
        func report(_ kind: Anomaly.Kind, _ name: Name, _ promised: Int64?, count: Int = 1, _ detail: String) {
            result.anomalies.append(
                Anomaly(
                    kind: kind, client: name.client, operation: kind == .staleRead ? .receipt : .order, page: name.page,
                    count: count, promised: promised, detail: detail))
        }
        for history in histories {
            for operation in history.operations {
                let name = Name(client: history.client, page: operation.page)
                switch operation.kind {
                case .receipt where operation.outcome == .acknowledged:
                    if operation.result == .number(operation.page) {
                        result.freshReads += 1
                    } else {
                        report(.staleRead, name, operation.started, "acknowledged, and missing on the next page")
                    }
                case .order:
                    known.insert(name)
                    let isThere = rows[name] != nil
                    switch operation.outcome {
                    case .acknowledged:
                        result.acknowledged += 1
                        if !isThere, operation.ended <= until {
                            report(.lost, name, operation.ended, "acknowledged, and missing afterwards")
                        }
                    case .broken:
                        result.unknown += 1
                        result.unknownApplied += isThere ? 1 : 0
                    case .refused, .unconnected:
                        if isThere { report(.falselyRefused, name, nil, "refused, and there afterwards") }
                    }
                default: break
                }
            }
        }
        let names = rows.keys.sorted { ($0.client, $0.page) < ($1.client, $1.page) }
        for name in names {
            guard let there = rows[name] else { continue }
            if there.count > 1 { report(.duplicated, name, nil, count: there.count - 1, "there \(there.count) times") }
            if there.contains(where: { !$0.isWhole }) { report(.torn, name, nil, "there without all of its rows") }
            if !known.contains(name) { report(.foreignReply, name, nil, "there, and nobody placed it") }
        }
        return result
    }

    /// How long before the fault the oldest lost order was acknowledged, in nanoseconds; nil when none was lost.
    package static func oldestLoss(_ result: Checker.Result, before fault: Int64) -> Int64? {
        result.anomalies.filter { $0.kind == .lost }.compactMap(\.promised).min().map { fault - $0 }
    }

    /// Lost orders that nothing excuses: acknowledged longer before the fault than `window`, or after it, when whoever
    /// had acknowledged them was already gone.
    package static func unexcused(_ result: Checker.Result, fault: Int64, window: Duration) -> Int {
        let excused = (fault - window.inNanoseconds)...(fault + ClientMeasures.inFlightAllowance)
        return result.anomalies.count { anomaly in
            anomaly.kind == .lost && !(anomaly.promised.map(excused.contains) ?? false)
        }
    }
}
