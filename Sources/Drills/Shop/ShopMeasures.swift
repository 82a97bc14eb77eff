/// What shoppers saw of a shop, second by second and altogether. Pure.
package struct ShopMeasures: Sendable, Equatable {
    /// One second of a drill.
    package struct Second: Sendable, Equatable, Encodable {
        /// Counted from the first fault; negative before it.
        package var at: Int
        /// Requests that ended in it.
        package var requests: Int
        package var failed: Int
        package var orders: Int
        /// Of those that succeeded.
        package var medianMs: Int
        package var worstMs: Int
    }

    /// A time within which a fault may cost requests, and how many it did.
    package struct Allowance: Sendable, Equatable, Encodable {
        package var fault: String
        /// When it was injected, counted from the first fault; nil when several runs are added up.
        package var startMs: Int?
        /// From the fault until it must have been noticed.
        package var windowMs: Int
        /// How that time comes about, in the topology's own numbers.
        package var because: String
        /// Only a part of the requests can meet it: those that go to one of several nodes.
        package var isPartial: Bool
        /// Requests that began in it, or were under way when it began.
        package var requests: Int
        package var failed: Int
        /// From the fault to the end of the last request that failed; nil when none did.
        package var lastFailureMs: Int?
    }

    /// When a fault may cost requests.
    package struct Window: Sendable, Equatable {
        package var fault: String
        package var from: Int64
        package var length: Duration
        package var because: String
        package var isPartial = true
    }

    package var requests = 0
    package var failed = 0
    /// Those that no window explains.
    package var unexplained: [Operation] = []
    package var allowances: [Allowance] = []
    package var seconds: [Second] = []
    /// Carts that lacked what was acknowledged, or held what nobody put in.
    package var lostCarts = 0
    package var foreignCarts = 0
    package var cartsSeen = 0
    /// The first of those carts, for whoever has to find the cause.
    package var findings: [DrillReport.Finding] = []

    package init() {}

    package init(_ histories: [ClientHistory], windows: [Window], zero: Int64) {
        let operations = histories.flatMap(\.operations).sorted { $0.ended < $1.ended }
        requests = operations.count
        let failures = operations.filter { $0.outcome != .acknowledged }
        failed = failures.count
        unexplained = failures.filter { operation in !windows.contains { $0.explains(operation) } }
        allowances = windows.map { window in
            let inside = operations.filter(window.explains)
            let failed = inside.filter { $0.outcome != .acknowledged }
            return Allowance(
                fault: window.fault, startMs: DrillReport.milliseconds(window.from - zero),
                windowMs: window.length.inMilliseconds, because: window.because,
                isPartial: window.isPartial,
                requests: inside.count, failed: failed.count,
                lastFailureMs: failed.map(\.ended).max().map { DrillReport.milliseconds($0 - window.from) })
        }
        findings = histories.flatMap { history in
            history.operations.filter { $0.isWrongCart }.map { operation in
                DrillReport.Finding(
                    kind: operation.result == .missing ? "lost_cart" : "foreign_cart", client: history.client,
                    operation: operation.kind.rawValue, page: operation.page, count: 1,
                    promisedAtMs: Double(DrillReport.milliseconds(operation.ended - zero)),
                    detail: operation.result == .missing
                        ? "lacks what was acknowledged, seen" : "holds what nobody put in, seen")
            }
        }
        for operation in operations where operation.outcome == .acknowledged {
            guard [.addToCart, .viewCart].contains(operation.kind) else { continue }
            cartsSeen += 1
            if operation.result == .missing { lostCarts += 1 }
            if operation.result == .foreign { foreignCarts += 1 }
        }
        seconds = Self.seconds(operations, zero)
    }

    /// Several runs: counts are added; the seconds stay with the runs. Nil without any.
    package init?(combining runs: [ShopMeasures]) {
        guard !runs.isEmpty else { return nil }
        for run in runs {
            requests += run.requests
            failed += run.failed
            unexplained += run.unexplained
            allowances += run.allowances.map { allowance in
                var allowance = allowance
                allowance.startMs = nil
                return allowance
            }
            (cartsSeen, lostCarts) = (cartsSeen + run.cartsSeen, lostCarts + run.lostCarts)
            foreignCarts += run.foreignCarts
        }
    }

    private static func seconds(_ operations: [Operation], _ zero: Int64) -> [Second] {
        func second(_ time: Int64) -> Int {
            Int((Double(time - zero) / 1_000_000_000).rounded(.down))
        }
        guard let first = operations.first.map({ second($0.ended) }),
            let last = operations.last.map({ second($0.ended) })
        else { return [] }
        let groups = Dictionary(grouping: operations) { second($0.ended) }
        return (first...last).map { at in
            let group = groups[at] ?? []
            let good = group.filter { $0.outcome == .acknowledged }
            let latencies = Statistics(good.map(\.latency))
            return Second(
                at: at, requests: group.count, failed: group.count - good.count,
                orders: good.count { $0.kind == .order },
                medianMs: DrillReport.milliseconds(latencies.median ?? 0),
                worstMs: DrillReport.milliseconds(latencies.max ?? 0))
        }
    }
}

extension ShopMeasures.Window {
    /// Whether a request met the fault before it must have been noticed.
    package func explains(_ operation: Operation) -> Bool {
        operation.started <= from + length.inNanoseconds && operation.ended >= from
    }
}

extension ShopMeasures: Encodable {
    private enum CodingKeys: String, CodingKey {
        case requests, failed, unexplained, cartsSeen, lostCarts, foreignCarts, allowances, seconds
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(requests, forKey: .requests)
        try container.encode(failed, forKey: .failed)
        try container.encode(unexplained.count, forKey: .unexplained)
        try container.encode(cartsSeen, forKey: .cartsSeen)
        try container.encode(lostCarts, forKey: .lostCarts)
        try container.encode(foreignCarts, forKey: .foreignCarts)
        try container.encode(allowances, forKey: .allowances)
        try container.encode(seconds, forKey: .seconds)
    }

    /// For people.
    var lines: [String] {
        [
            "  shop          \(requests) requests, \(failed) failed, \(unexplained.count) of them unexplained; "
                + "\(cartsSeen) carts seen, \(lostCarts) lacked something"
        ]
            + allowances.map { allowance in
                let last = allowance.lastFailureMs.map { ", the last after \($0) ms" } ?? ""
                return
                    "  explained     \(allowance.fault): \(allowance.failed) of \(allowance.requests) failed\(last); "
                    + "\(allowance.windowMs) ms allowed: \(allowance.because)"
            }
    }
}

extension Operation {
    /// A cart was shown, and it was not the shopper's.
    fileprivate var isWrongCart: Bool {
        [.addToCart, .viewCart].contains(kind) && outcome == .acknowledged && [.missing, .foreign].contains(result)
    }
}
