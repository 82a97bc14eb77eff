/// Reports as one page of HTML that needs nothing else: no script, no font, no picture from elsewhere.
package enum HTMLReport {
    /// - Parameters:
    ///   - reports: In the order in which they are shown.
    ///   - title: Of the page.
    ///   - made: When, as people write it.
    ///   - preface: What is shown before the drills: a heading, and a table of which the first row is the head.
    /// - Returns: The whole document.
    package static func page(
        _ reports: [DrillReport], title: String, made: String, preface: (heading: String, rows: [[String]])? = nil
    ) -> String {
        var html = HTMLText()
        html.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        html.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        html.element("title", "", title)
        html.raw("<style>\n\(String(decoding: PackageResources.report_css, as: UTF8.self))</style>\n</head>\n<body>\n")
        html.element("main") { html in
            let passed = reports.count(where: \.passed)
            html.element("header") { html in
                html.element("h1", "", title)
                html.element("p", "", "\(passed) of \(reports.count) drills passed · \(made)")
            }
            if reports.count > 1 {
                html.element("nav", "aria-label=\"Drills\"") { html in
                    for (index, report) in reports.enumerated() {
                        html.element(
                            "a", "href=\"#drill-\(index)\" class=\"\(report.passed ? "good" : "bad")\"",
                            "\(report.passed ? "✓" : "✗") \(report.scenario)")
                    }
                }
            }
            if let preface {
                html.element("article") { html in
                    html.element("h2", "", preface.heading)
                    table(preface.rows, &html)
                }
            }
            for (index, report) in reports.enumerated() { article(report, index, &html) }
            html.element("footer", "", "Made by breakwater drill. Times are counted from the first fault.")
        }
        html.raw("</body>\n</html>\n")
        return html.text
    }

    private static func article(_ report: DrillReport, _ index: Int, _ html: inout HTMLText) {
        html.element("article", "id=\"drill-\(index)\"") { html in
            html.element("header") { html in
                html.element("h2", "", report.scenario)
                html.element(
                    "span", "class=\"pill \(report.passed ? "good" : "bad")\"", report.passed ? "passed" : "FAILED")
            }
            if let failure = report.failure {
                html.element("p", "class=\"failure\"", "\(failure.summary) [\(failure.code)]")
            }
            if report.clients.count > 0 { tiles(report, &html) }
            let runs = report.runs ?? [report]
            for (number, run) in runs.enumerated() {
                if runs.count > 1 {
                    html.element(
                        "h3", "",
                        "Run \(number + 1) of \(runs.count): \(run.passed ? "passed" : "FAILED")"
                            + (run.seed.map { ", seed \($0)" } ?? ""))
                }
                if let shop = run.shop, !shop.seconds.isEmpty { ShopChart(run, shop).draw(&html) }
                events(run, &html)
                arithmetic(run, &html)
            }
            details(report, &html)
        }
    }

    private static func tiles(_ report: DrillReport, _ html: inout HTMLText) {
        var tiles: [(name: String, value: String, isBad: Bool)] = []
        if let shop = report.shop {
            tiles.append(("requests", "\(shop.requests)", false))
            tiles.append(("failed", "\(shop.failed)", shop.unexplained.count > 0))
        } else {
            tiles.append(("requests", "\(report.clients.requests)", false))
            tiles.append(("errors", "\(report.clients.errors)", report.clients.errors > 0 && !report.passed))
        }
        let writes = report.writes
        tiles.append((report.shop == nil ? "writes" : "orders", "\(writes.acknowledged)", false))
        tiles.append(("lost", "\(writes.lost)", writes.lost > 0 && !report.passed))
        if let shop = report.shop {
            tiles.append(("carts looked at", "\(shop.cartsSeen)", false))
            tiles.append(("lost carts", "\(shop.lostCarts)", shop.lostCarts > 0))
        }
        tiles.append(("longest wait", seconds(report.clients.longestStallMs), false))
        if let rto = report.rtoMs { tiles.append(("first write after", seconds(rto), false)) }
        html.element("dl", "class=\"tiles\"") { html in
            for tile in tiles {
                html.element("div") { html in
                    html.element("dt", "", tile.name)
                    html.element("dd", tile.isBad ? "class=\"bad\"" : "", tile.value)
                }
            }
        }
    }

    /// The numbers are those of the marks in the chart.
    private static func events(_ run: DrillReport, _ html: inout HTMLText) {
        guard !run.timeline.isEmpty else { return }
        var number = 0
        html.element("ol", "class=\"events\"") { html in
            for event in run.timeline {
                let kind = ShopChart.Mark(event.event)
                if kind != nil { number += 1 }
                html.raw("<li class=\"\(kind?.rawValue ?? "")\"><b>\(kind == nil ? "" : "\(number)")</b>")
                html.raw("<time>\(seconds(event.atMs))</time>")
                html.raw(HTMLText.escaped(event.detail.isEmpty ? event.event : "\(event.event): \(event.detail)"))
                html.raw("</li>\n")
            }
        }
    }

    private static func arithmetic(_ run: DrillReport, _ html: inout HTMLText) {
        guard let shop = run.shop, !shop.allowances.isEmpty else { return }
        html.element("h3", "", "Requests that a fault may cost, and did")
        table(
            [["fault", "failed", "of", "last failure", "allowed for", "because"]]
                + shop.allowances.map { allowance in
                    [
                        allowance.fault, "\(allowance.failed)", "\(allowance.requests)",
                        allowance.lastFailureMs.map(seconds) ?? "–", seconds(allowance.windowMs), allowance.because,
                    ]
                }, &html)
    }

    private static func details(_ report: DrillReport, _ html: inout HTMLText) {
        guard !report.checks.isEmpty else { return }
        html.element("details", report.passed ? "" : "open") { html in
            html.element("summary", "", "Checks, errors and findings")
            html.element("div", "class=\"scroll\"") { html in
                html.element("table") { html in
                    html.raw("<tr><th>check</th><th></th><th>found, and allowed</th></tr>\n")
                    for check in report.checks {
                        html.element("tr") { html in
                            html.raw("<td><code>\(HTMLText.escaped(check.name))</code></td>")
                            html.element(
                                "td", "class=\"\(check.passed ? "good" : "bad")\"", check.passed ? "✓" : "✗ failed")
                            html.element("td", "", check.detail)
                        }
                    }
                }
            }
            if !report.errors.isEmpty {
                html.element("h3", "", "What went wrong, in the words of the clients")
                table([["times", "error"]] + report.errors.prefix(20).map { ["\($0.count)", $0.text] }, &html)
            }
            if !report.findings.isEmpty {
                html.element("h3", "", "Broken promises")
                table(
                    [["kind", "client", "page", "detail"]]
                        + report.findings.map { [$0.kind, "\($0.client)", "\($0.page)", $0.detail] }, &html)
            }
        }
    }

    /// The first row is the head.
    private static func table(_ rows: [[String]], _ html: inout HTMLText) {
        html.element("div", "class=\"scroll\"") { html in
            html.element("table") { html in
                for (index, row) in rows.enumerated() {
                    html.element("tr") { html in
                        for cell in row { html.element(index == 0 ? "th" : "td", "", cell) }
                    }
                }
            }
        }
    }

    static func seconds(_ milliseconds: Int) -> String {
        let tenths = (abs(milliseconds) + 50) / 100
        return abs(milliseconds) < 1_000
            ? "\(milliseconds) ms" : "\(milliseconds < 0 ? "−" : "")\(tenths / 10).\(tenths % 10) s"
    }
}
