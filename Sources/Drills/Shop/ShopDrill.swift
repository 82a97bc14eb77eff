internal import Foundation
internal import LocalStack
internal import MySQLClient

/// One drill of the shop on one store, with shoppers.
struct ShopDrill: Sendable {
    var name: String
    /// What it was drawn from.
    var seed: UInt64?
    var stage: ShopStage
    var shoppers: Int
    /// Between two requests of a shopper.
    var pause: Duration
    /// Its number among those on the same store: orders of others are not its own.
    var number: Int
    var progress: @Sendable (String) -> Void

    /// Lets shoppers shop while `play` breaks things, and judges what they saw.
    ///
    /// - Returns: The report, and what the shoppers did; a report that says why, and has not passed, when the drill could
    ///   not be carried out.
    /// - Throws: `CancellationError` only.
    func run(
        _ play: @escaping @Sendable (ShopCourse) async throws -> Void
    ) async throws -> (report: DrillReport, evidence: Evidence?) {
        let course = ShopCourse(stage, progress: progress)
        do {
            let evidence = try await evidence(course, play)
            return (report(course, evidence), evidence)
        } catch {
            try Task.checkCancellation()
            let failure = error as? DrillError ?? DrillError("drill.failed", "the drill broke off: \(error)")
            let report = DrillReport(
                scenario: name, failure: DrillReport.Failure(code: failure.code, summary: failure.description),
                timeline: course.notes, fault: course.notes.time(of: "fault.injected"))
            return (report, nil)
        }
    }

    /// What there is to judge by.
    struct Evidence: Sendable {
        var histories: [ClientHistory]
        var found: [OrderChecker.Found]
        /// From which a report counts: the first fault.
        var zero: Int64
        /// When the shoppers were gone.
        var end: Int64
    }

    private func evidence(
        _ course: ShopCourse, _ play: @escaping @Sendable (ShopCourse) async throws -> Void
    ) async throws -> Evidence {
        try await course.awaitWhole()
        let products = try await stage.products()
        guard products.count >= 3 else { throw DrillError("drill.no_shop", "the shop has no products") }
        let first = number * 1_000
        let recorders = (1...shoppers).map { ClientRecorder(client: first + $0) }
        let stop = Gate()
        // Longer than HAProxy waits for PHP.
        let door = ShopDoor(url: stage.shop.url, patience: .seconds(40))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            for recorder in recorders {
                let shopper = StoreShopper(
                    number: recorder.history.client, door: door, pause: pause, products: products,
                    recorder: recorder, run: "s\(getpid())")
                tasks.addTask { await shopper.run(until: stop) }
            }
            tasks.addTask {
                defer { stop.open() }
                try await course.observe(.seconds(2))
                try await play(course)
                try await course.observe(.seconds(2))
            }
            try await tasks.waitForAll()
        }
        let end = MonotonicClock.now()
        let clients = Set(recorders.map(\.history.client))
        let found = try await OrderReading.orders(in: try stage.settings()).filter { clients.contains($0.client) }
        return Evidence(
            histories: recorders.map(\.history), found: found,
            zero: course.notes.time(of: "fault.injected") ?? end, end: end)
    }

    private func report(_ course: ShopCourse, _ evidence: Evidence) -> DrillReport {
        let (histories, end) = (evidence.histories, evidence.end)
        let faults = course.notes.entries.filter { $0.event == "fault.injected" }.map(\.time)
        let writes = OrderChecker.check(histories, found: evidence.found)
        let measures = ClientMeasures(histories, fault: faults.last ?? end, end: end)
        let shop = ShopMeasures(histories, windows: course.windows, zero: evidence.zero)
        let verdict = ShopVerdict.judge(
            shop, writes, measures, nodes: stage.webNodes.count, shoppers: shoppers, loss: course.loss)
        var report = DrillReport(
            DrillOutcome(
                scenario: name, seed: seed,
                groups: [.init(label: "shoppers", kind: "shopper", histories: histories, writes: writes)],
                timeline: course.notes, fault: evidence.zero, end: end, verdict: verdict))
        report.shop = shop
        report.findings += shop.findings.prefix(50)
        return report
    }
}

/// Whether a shop has held what it promises. Pure.
enum ShopVerdict {
    static func judge(
        _ shop: ShopMeasures, _ writes: Checker.Result, _ measures: ClientMeasures, nodes: Int, shoppers: Int,
        loss: ShopCourse.Loss? = nil
    ) -> Verdict {
        var checks: [Verdict.Check] = []
        func expect(_ name: String, _ count: Int, atMost most: Int = 0, _ detail: String = "") {
            checks.append(
                Verdict.Check(name: name, passed: count <= most, detail: "\(count), at most \(most)\(detail)"))
        }
        if let loss {
            expect(
                "lost_orders", OrderChecker.unexcused(writes, fault: loss.fault, window: loss.window),
                " but for \(loss.window.inMilliseconds) ms before the database was lost: \(writes.count(.lost)) in all")
        } else {
            expect("lost_orders", writes.count(.lost))
        }
        expect("duplicated", writes.count(.duplicated))
        expect("torn", writes.count(.torn))
        expect("stale_reads", writes.count(.staleRead))
        expect("foreign_orders", writes.count(.foreignReply))
        expect("falsely_refused", writes.count(.falselyRefused))
        // A cart's last goods may have gone with a lost database, as an order's may.
        if loss == nil { expect("lost_carts", shop.lostCarts) }
        expect("foreign_carts", shop.foreignCarts)
        expect("failed_unexplained", shop.unexplained.count)
        for allowance in shop.allowances where allowance.isPartial {
            // A node's share of what came in that time, and what each shopper had under way.
            let most = (allowance.requests + nodes - 1) / nodes + shoppers
            expect(
                "failed_in_window", allowance.failed, atMost: most,
                ": \(allowance.fault), \(allowance.requests) requests / \(nodes) nodes + \(shoppers) shoppers")
        }
        checks.append(
            Verdict.Check(
                name: "recovered", passed: measures.recovery != nil && writes.acknowledged > 0,
                detail: "\(writes.acknowledged) orders acknowledged, the first write after the last fault "
                    + (measures.recovery.map { "after \($0 / 1_000_000) ms" } ?? "never")))
        return Verdict(checks)
    }
}

extension MySQLSettings {
    /// Whether the server takes the account and runs a statement.
    func runsStatements() async -> Bool {
        let result = try? await MySQLConnection.with(self) { try await $0.query("SELECT 1").text() }
        return result == "1"
    }
}
