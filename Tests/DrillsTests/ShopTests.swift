import Foundation
import Testing

@testable import Drills

@Suite struct ShopTests {
    private static let second: Int64 = 1_000_000_000

    // MARK: Carts

    @Test func aCartHoldsWhatWasAcknowledgedAndNothingElse() {
        var cart = ShoppersCart()
        #expect(cart.judge([:]) == .right)
        cart.added(4, acknowledged: true)
        cart.added(4, acknowledged: true)
        cart.added(5, acknowledged: true)
        #expect(cart.judge([4: 2, 5: 1]) == .right)
        #expect(cart.judge([4: 1]) == .lost(2))
        #expect(cart.judge([:]) == .lost(3))
        #expect(cart.judge([4: 2, 5: 1, 9: 1]) == .foreign(1))
        // What is missing is said first.
        #expect(cart.judge([4: 3]) == .lost(1))
        #expect(cart.isCertain)
    }

    @Test func whatNobodyKnowsMayBeThereOrNot() {
        var cart = ShoppersCart()
        cart.added(4, acknowledged: true)
        cart.added(5, acknowledged: false)
        #expect(!cart.isCertain)
        #expect(cart.judge([4: 1]) == .right)
        #expect(cart.judge([4: 1, 5: 1]) == .right)
        #expect(cart.judge([4: 1, 5: 2]) == .foreign(1))
        #expect(cart.judge([5: 1]) == .lost(1))
    }

    // MARK: Measures

    private static func history() -> ClientHistory {
        var history = ClientHistory(client: 1)
        history.record(Operation(.browse, page: 1, started: 8 * second, ended: 8 * second + 20_000_000))
        // Begun before the fault, and met by it.
        history.record(
            Operation(.viewCart, page: 1, started: 10 * second - 1, ended: 10 * second + 5, outcome: .broken))
        history.record(Operation(.order, page: 1, started: 11 * second, ended: 11 * second + 40_000_000))
        history.record(
            Operation(.addToCart, page: 2, started: 12 * second, ended: 12 * second + 1, result: .missing))
        // Nothing explains this one.
        history.record(
            Operation(.addToCart, page: 2, started: 14 * second, ended: 14 * second + 1, outcome: .unconnected))
        return history
    }

    private static func measures() -> ShopMeasures {
        ShopMeasures(
            [history()],
            windows: [.init(fault: "crash of web-1", from: 10 * second, length: .seconds(2), because: "2 checks × 1s")],
            zero: 10 * second)
    }

    @Test func failuresAreExplainedByWindowsOrNot() throws {
        let shop = Self.measures()
        #expect(shop.requests == 5 && shop.failed == 2)
        #expect(shop.unexplained.map(\.started) == [14 * Self.second])
        #expect(shop.lostCarts == 1 && shop.cartsSeen == 1)
        let allowance = try #require(shop.allowances.first)
        #expect(allowance.requests == 3 && allowance.failed == 1)
        #expect(allowance.windowMs == 2000 && allowance.startMs == 0 && allowance.lastFailureMs == 1)
    }

    @Test func everySecondIsThereAlsoTheEmptyOnes() {
        let seconds = Self.measures().seconds
        #expect(seconds.map(\.at) == Array(-2...4))
        #expect(seconds.map(\.requests) == [1, 0, 1, 1, 1, 0, 1])
        #expect(seconds.map(\.failed) == [0, 0, 1, 0, 0, 0, 1])
        #expect(seconds.map(\.orders).reduce(0, +) == 1)
        #expect(seconds[3].worstMs == 40)
    }

    @Test func aVerdictFailsForEachBrokenPromise() {
        let shop = Self.measures()
        let measures = ClientMeasures([Self.history()], fault: 10 * Self.second, end: 15 * Self.second)
        let writes = OrderChecker.check([Self.history()], found: [])
        let verdict = ShopVerdict.judge(shop, writes, measures, nodes: 3, shoppers: 6)
        #expect(
            verdict.checks.filter { !$0.passed }.map(\.name) == ["lost_orders", "lost_carts", "failed_unexplained"])
        let excused = ShopVerdict.judge(
            shop, writes, measures, nodes: 3, shoppers: 6,
            loss: .init(fault: 12 * Self.second, window: .seconds(2)))
        #expect(excused.checks.filter { !$0.passed }.map(\.name) == ["failed_unexplained"])
    }

    // MARK: Reports

    private static func report() -> DrillReport {
        let shop = measures()
        let writes = OrderChecker.check([history()], found: [.init(client: 1, page: 1)])
        var timeline = Timeline()
        timeline.add("fault.injected", at: 10 * second, "SIGKILL <web-1> & \"friends\"")
        timeline.add("fault.repaired", at: 13 * second, "web-1")
        let measures = ClientMeasures([history()], fault: 10 * second, end: 15 * second)
        var report = DrillReport(
            DrillOutcome(
                scenario: "web-crash",
                groups: [.init(label: "shoppers", kind: "shopper", histories: [history()], writes: writes)],
                timeline: timeline, fault: 10 * second, end: 15 * second,
                verdict: ShopVerdict.judge(shop, writes, measures, nodes: 3, shoppers: 6)))
        report.shop = shop
        return report
    }

    /// XML's own parser reads the page: every element is closed, and no text has become markup.
    @Test func thePageIsWellFormedAndEscapes() throws {
        let page = HTMLReport.page([Self.report(), Self.report()], title: "A <shop>", made: "now")
        #expect(page.contains("SIGKILL &lt;web-1&gt; &amp; &quot;friends&quot;"))
        #expect(!page.contains("<web-1>") && !page.contains("A <shop>"))
        for outside in ["http://", "https://", "<script", "@import", "url("] { #expect(!page.contains(outside)) }
        let body = page.replacing(#/<(meta|!doctype)[^>]*>/#, with: "")
        #expect(Self.isBalanced(body))
        #expect(body.count(of: "<rect class=\"failed\"") == 4)
        #expect(body.count(of: "<line class=\"fault\"") == 2 && body.count(of: "<line class=\"repair\"") == 2)
    }

    /// Whether every element that begins ends, in order.
    private static func isBalanced(_ markup: String) -> Bool {
        var open: [Substring] = []
        for match in markup.matches(of: #/<(/?)([a-z0-9]+)((?:"[^"]*"|[^>"])*?)(/?)>/#) {
            let (_, end, name, _, empty) = match.output
            if !empty.isEmpty { continue }
            if end.isEmpty {
                open.append(name)
            } else if open.popLast() != name {
                return false
            }
        }
        return open.isEmpty
    }

    @Test func junitHasACaseForEachCheckAndOneForADrillThatWasNot() {
        let report = Self.report()
        let broken = DrillReport(scenario: "web-hang", failure: .init(code: "drill.x", summary: "a < b"))
        let document = JUnitReport.document([report, broken])
        #expect(document.count(of: "<testcase") == report.checks.count + 1)
        #expect(document.count(of: "<failure") == report.checks.count { !$0.passed })
        #expect(document.contains("errors=\"1\"") && document.contains("a &lt; b"))
        #expect(Self.isBalanced(document.replacing(#/<\?xml[^>]*>/#, with: "")))
    }

    @Test(arguments: [(0, 1), (1, 1), (3, 4), (9, 10), (11, 20), (41, 60), (250, 400), (1000, 1000)])
    func axesEndAtRoundNumbers(value: Int, end: Int) {
        #expect(ShopChart.round(up: value) == end)
    }
}

extension String {
    fileprivate func count(of part: String) -> Int { ranges(of: part).count }
}
