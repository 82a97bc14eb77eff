/// What shoppers saw of each disaster: what `breakwater demo --json` prints.
package struct ShopDemoReport: Sendable, Equatable, Encodable {
    /// In the order in which they come.
    package enum Disaster: String, Sendable, CaseIterable, Encodable {
        case redisMaster = "redis_master", webNode = "web_node", sentinel, database, allOfRedis = "all_of_redis"

        /// Marks its beginning in the time line.
        var event: String { "disaster.\(rawValue)" }

        package var words: String {
            switch self {
            case .redisMaster: "Redis' master is killed"
            case .webNode: "a web node dies"
            case .sentinel: "a Sentinel dies"
            case .database: "the database and its disk are gone"
            case .allOfRedis: "all of Redis is gone for 8 s"
            }
        }

        /// What the same costs a store that follows the tutorial. Measured ones are from a WooCommerce store with four
        /// shoppers (docs/drills.md); the others follow from its settings.
        package var tutorial: String {
            switch self {
            case .redisMaster: "17 to 20 s without one page, 17 to 53 failed pages (measured)"
            case .webNode: "up to 35 s of failed pages: 3 checks × 10 s + 5 s (its balancer's defaults)"
            case .sentinel: "\"no valid sentinels\" from some clients (measured)"
            case .database: "all orders since last night's dump, and an hour by hand (its cron job)"
            case .allOfRedis: "an error page for every request until somebody comes (measured)"
            }
        }
    }

    package struct Row: Sendable, Equatable, Encodable {
        package var disaster: Disaster
        /// The longest time one shopper went without a page.
        package var longestWaitMs: Int
        /// From the fault to the first order acknowledged after it.
        package var firstOrderMs: Int?
        package var requests: Int
        package var failed: Int
        package var lostOrders: Int
        package var lostCarts: Int
    }

    package var passed: Bool
    /// From nothing to the first page.
    package var startedMs: Int
    package var rows: [Row]
    package var drill: DrillReport

    init(_ drill: DrillReport, _ evidence: ShopDrill.Evidence?, startedMs: Int) {
        (passed, self.drill, self.startedMs) = (drill.passed, drill, startedMs)
        rows = []
        guard let evidence else { return }
        let begins = Disaster.allCases.compactMap { disaster in
            drill.timeline.first { $0.event == disaster.event }.map {
                (disaster, evidence.zero + Int64($0.atMs) * 1_000_000)
            }
        }
        let lost = OrderChecker.check(evidence.histories, found: evidence.found).anomalies.filter { $0.kind == .lost }
        for (index, (disaster, begin)) in begins.enumerated() {
            let end = index + 1 < begins.count ? begins[index + 1].1 : evidence.end
            rows.append(Row(disaster, evidence.histories, lost, begin..<end))
        }
    }
}

extension ShopDemoReport.Row {
    init(
        _ disaster: ShopDemoReport.Disaster, _ histories: [ClientHistory], _ lost: [Anomaly], _ time: Range<Int64>
    ) {
        self.disaster = disaster
        var wait: Int64 = 0
        var operations: [Operation] = []
        for history in histories {
            let inside = history.operations.filter { time.contains($0.ended) }
            operations += inside
            var last = time.lowerBound
            for operation in inside where operation.outcome == .acknowledged {
                wait = max(wait, operation.ended - max(last, time.lowerBound))
                last = operation.ended
            }
            wait = max(wait, time.upperBound - last)
        }
        longestWaitMs = DrillReport.milliseconds(wait)
        requests = operations.count
        failed = operations.count { $0.outcome != .acknowledged }
        firstOrderMs = operations.filter {
            $0.kind == .order && $0.outcome == .acknowledged && $0.started >= time.lowerBound
        }
        .map(\.ended).min().map { DrillReport.milliseconds($0 - time.lowerBound) }
        // What was promised shortly before it was lost by it.
        lostOrders = lost.count { anomaly in anomaly.promised.map { time.contains($0 + 3_000_000_000) } ?? false }
        lostCarts = operations.count {
            [.addToCart, .viewCart].contains($0.kind) && $0.outcome == .acknowledged && $0.result == .missing
        }
    }
}

extension ShopDemoReport {
    /// For people, and for the head of the report.
    package var table: [[String]] {
        [["disaster", "longest wait", "failed", "lost orders", "lost carts", "a store as the tutorial builds it"]]
            + rows.map { row in
                [
                    row.disaster.words, HTMLReport.seconds(row.longestWaitMs), "\(row.failed) of \(row.requests)",
                    "\(row.lostOrders)", "\(row.lostCarts)", row.disaster.tutorial,
                ]
            }
    }

    package var text: String {
        let rows = table
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let lines = rows.map { row in
            zip(row, widths).map { cell, width in
                cell + String(repeating: " ", count: width - cell.count)
            }.joined(separator: "  ").replacing(#/ +$/#, with: "")
        }
        var text = "\nThe shop was open \(HTMLReport.seconds(startedMs)) after the start.\n\n"
        text += lines[0] + "\n" + String(repeating: "-", count: lines.map(\.count).max() ?? 0) + "\n"
        text += lines.dropFirst().joined(separator: "\n") + "\n\n"
        text += "\(drill.shop?.requests ?? 0) requests, \(drill.writes.acknowledged) orders, "
        text += "\(drill.writes.lost) of them lost: \(passed ? "passed" : "FAILED")\n"
        return passed ? text : text + "\n" + drill.text
    }
}
