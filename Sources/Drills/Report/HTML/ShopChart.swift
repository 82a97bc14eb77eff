/// Requests, failures and latency of a shop, second by second, with the faults marked: an SVG.
struct ShopChart {
    /// What an event is to the eye.
    enum Mark: String {
        case fault, repair

        init?(_ event: String) {
            switch event {
            case "fault.injected": self = .fault
            case "fault.repaired": self = .repair
            default: return nil
            }
        }
    }

    private let run: DrillReport
    private let shop: ShopMeasures
    private let seconds: [ShopMeasures.Second]

    // In the units of the view box.
    private let width = 960.0, height = 260.0
    private let left = 44.0, right = 52.0, top = 26.0, bottom = 26.0

    init(_ run: DrillReport, _ shop: ShopMeasures) {
        (self.run, self.shop) = (run, shop)
        seconds = shop.seconds
    }

    private var first: Double { Double(seconds.first?.at ?? 0) }
    private var span: Double { max(1, Double((seconds.last?.at ?? 0) + 1) - first) }
    private var mostRequests: Int { Self.round(up: seconds.map(\.requests).max() ?? 1) }
    private var mostMs: Int { Self.round(up: seconds.map(\.worstMs).max() ?? 1) }

    private func x(_ second: Double) -> Double { left + (second - first) / span * (width - left - right) }
    private func y(_ value: Int, of most: Int) -> Double {
        height - bottom - Double(value) / Double(max(1, most)) * (height - top - bottom)
    }

    func draw(_ html: inout HTMLText) {
        html.element("figure") { html in
            html.element("div", "class=\"scroll\"") { html in
                html.element(
                    "svg",
                    "viewBox=\"0 0 \(Int(width)) \(Int(height))\" role=\"img\" aria-label=\"Requests a second, failures and "
                        + "the slowest page over time\""
                ) { html in
                    drawWindows(&html)
                    drawGrid(&html)
                    drawBars(&html)
                    drawLatency(&html)
                    drawMarks(&html)
                }
            }
            html.element("figcaption") { html in
                html.element("span", "class=\"key-good\"", "requests a second")
                html.element("span", "class=\"key-bad\"", "of them failed")
                html.element("span", "class=\"key-worst\"", "slowest page of the second (right)")
                if !shop.allowances.isEmpty {
                    html.element("span", "class=\"key-window\"", "a fault may cost requests")
                }
            }
        }
    }

    private func drawGrid(_ html: inout HTMLText) {
        for share in [0, 1, 2] {
            let requests = mostRequests * share / 2
            let line = number(y(requests, of: mostRequests))
            html.raw("<line class=\"\(share == 0 ? "axis" : "grid")\" x1=\"\(number(left))\" x2=\"")
            html.raw("\(number(width - right))\" y1=\"\(line)\" y2=\"\(line)\"/>\n")
            label("\(requests)", left - 6, y(requests, of: mostRequests) + 4, "end", &html)
            label(
                HTMLReport.seconds(mostMs * share / 2), width - right + 6, y(requests, of: mostRequests) + 4, "start",
                &html)
        }
        let step = [1, 2, 5, 10, 20, 30, 60, 120, 300].first { span / Double($0) <= 12 } ?? 600
        for second in Int(first)...Int(first + span) where second % step == 0 {
            label("\(second) s", x(Double(second)), height - 8, "middle", &html)
        }
    }

    private func drawBars(_ html: inout HTMLText) {
        let gap = min(2.0, (x(1) - x(0)) * 0.15)
        for second in seconds where second.requests > 0 {
            let from = x(Double(second.at))
            let breadth = number(x(Double(second.at + 1)) - from - gap)
            let words =
                "second \(second.at): \(second.requests) requests, \(second.failed) failed, "
                + "\(second.orders) orders, slowest page \(second.worstMs) ms"
            func bar(_ name: String, _ base: Int, _ top: Int) -> String {
                let (high, low) = (y(top, of: mostRequests), y(base, of: mostRequests))
                return "<rect class=\"\(name)\" x=\"\(number(from))\" width=\"\(breadth)\" y=\"\(number(high))\" "
                    + "height=\"\(number(low - high))\"><title>\(words)</title></rect>\n"
            }
            html.raw(bar("bar", 0, second.requests - second.failed))
            if second.failed > 0 { html.raw(bar("failed", second.requests - second.failed, second.requests)) }
        }
    }

    private func drawLatency(_ html: inout HTMLText) {
        let points = seconds.filter { $0.requests > $0.failed }.map { second in
            "\(number(x(Double(second.at) + 0.5))),\(number(y(second.worstMs, of: mostMs)))"
        }
        html.raw("<polyline class=\"worst\" points=\"\(points.joined(separator: " "))\"/>\n")
    }

    private func drawWindows(_ html: inout HTMLText) {
        for allowance in shop.allowances {
            guard let start = allowance.startMs else { continue }
            let from = x(Double(start) / 1_000)
            let breadth = x(Double(start + allowance.windowMs) / 1_000) - from
            html.raw("<rect class=\"window\" x=\"\(number(from))\" width=\"\(number(breadth))\" y=\"\(number(top))\" ")
            html.raw("height=\"\(number(height - top - bottom))\"/>\n")
        }
    }

    private func drawMarks(_ html: inout HTMLText) {
        var index = 0
        for event in run.timeline {
            guard let mark = Mark(event.event) else { continue }
            index += 1
            let place = x(Double(event.atMs) / 1_000)
            html.raw("<line class=\"\(mark.rawValue)\" x1=\"\(number(place))\" x2=\"\(number(place))\" ")
            html.raw("y1=\"\(number(top - 6))\" y2=\"\(number(height - bottom))\"/>\n")
            html.raw("<text class=\"mark \(mark.rawValue)\" x=\"\(number(place))\" y=\"\(number(top - 10))\" ")
            html.raw("text-anchor=\"middle\">\(index)<title>\(HTMLText.escaped(event.detail))</title></text>\n")
        }
    }

    private func label(_ text: String, _ x: Double, _ y: Double, _ anchor: String, _ html: inout HTMLText) {
        html.raw("<text x=\"\(number(x))\" y=\"\(number(y))\" text-anchor=\"\(anchor)\">")
        html.raw("\(HTMLText.escaped(text))</text>\n")
    }

    /// With one decimal.
    private func number(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }

    /// The next of 1, 2, 4, 6, 8, 10, 20, … that is not below.
    static func round(up value: Int) -> Int {
        var scale = 1
        while scale * 10 < value { scale *= 10 }
        for factor in [1, 2, 4, 6, 8, 10] where factor * scale >= value { return factor * scale }
        return max(1, value)
    }
}
