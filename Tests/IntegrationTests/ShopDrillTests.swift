import MySQLClient
import Testing

@testable import Drills

/// Drills of the whole shop on real servers, with the built programs. Times are not asserted.
@Suite(.serialized) struct ShopDrillTests {
    /// One store for all of them: what one leaves behind would show in the next.
    @Test(.timeLimit(.minutes(5))) func theShopOutlivesItsParts() async throws {
        let directory = try ScratchDirectory.make()
        defer { ScratchDirectory.remove(directory) }
        let scenarios: [ShopScenario] = [.webCrash, .webDrain, .databaseRestart, .redisDown]
        let reports = try await ShopSuite(scenarios, stateDirectory: directory).run()
        #expect(reports.map(\.scenario) == scenarios.map(\.name))
        for report in reports {
            #expect(report.passed, "\(report.text)")
            #expect(report.timeline.contains { $0.event == "fault.injected" })
            #expect(report.writes.acknowledged > 10 && (report.shop?.cartsSeen ?? 0) > 30)
        }
        #expect(reports[1].shop?.failed == 0)
    }

    /// The checks can fail: a shop whose carts are taken away behind its back is found out.
    @Test(.timeLimit(.minutes(3))) func aShopThatLosesCartsIsFoundOut() async throws {
        let directory = try ScratchDirectory.make()
        defer { ScratchDirectory.remove(directory) }
        let report = try await ShopSuite([], stateDirectory: directory).withStage { stage in
            let drill = ShopDrill(
                name: "theft", stage: stage, shoppers: 3, pause: .milliseconds(30), number: 1, progress: { _ in })
            return try await drill.run { course in
                course.note("fault.injected", "carts are deleted")
                for _ in 1...20 {
                    try await MySQLConnection.with(try stage.settings()) {
                        _ = try await $0.query("DELETE FROM wp_woocommerce_sessions")
                    }
                    try await ShopDemo.emptyCache(stage)
                    try await course.observe(.milliseconds(50))
                }
            }.report
        }
        #expect(!report.passed)
        #expect(report.checks.filter { !$0.passed }.map(\.name).contains("lost_carts"), "\(report.text)")
    }
}
