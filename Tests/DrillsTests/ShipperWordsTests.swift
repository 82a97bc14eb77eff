import Foundation
import Testing

@testable import Drills

/// When a drill may take it that the bucket has everything.
@Suite struct ShipperWordsTests {
    private static func progress(_ at: String, lag: Int) -> String {
        """
        {"at":"\(at)","event":"progress","lag_ms":\(lag),"number":3,"position":"0-1-7","stored_bytes":9,"transactions":7}

        """
    }

    private static func moment(_ text: String) throws -> Date {
        try Date(text, strategy: .iso8601.time(includingFractionalSeconds: true))
    }

    /// A bucket that is 400 ms behind at 10.5 s has all of 10.1 s, and may lack something of 10.2 s.
    @Test func aLagIsTakenOff() throws {
        let text = Self.progress("2026-03-01T03:00:10.500Z", lag: 400)
        #expect(ShipperWords.lag(at: try Self.moment("2026-03-01T03:00:10.100Z"), in: text) == 400)
        #expect(ShipperWords.lag(at: try Self.moment("2026-03-01T03:00:10.200Z"), in: text) == nil)
    }

    @Test func theFirstLineThatIsEnoughCounts() throws {
        let text =
            "warning: something\n{\"event\":\"started\",\"from\":\"\",\"number\":1}\n"
            + Self.progress("2026-03-01T03:00:10.000Z", lag: 0) + Self.progress("2026-03-01T03:00:12.000Z", lag: 700)
            + Self.progress("2026-03-01T03:00:20Z", lag: 0)
        #expect(ShipperWords.lag(at: try Self.moment("2026-03-01T03:00:11.000Z"), in: text) == 700)
        #expect(ShipperWords.lag(at: try Self.moment("2026-03-01T03:00:20.000Z"), in: text) == 0)
        #expect(ShipperWords.lag(at: try Self.moment("2026-03-01T03:00:20.001Z"), in: text) == nil)
    }

    /// A line that is not ended is being written.
    @Test func halfALineSaysNothing() throws {
        let text = Self.progress("2026-03-01T03:00:10.000Z", lag: 0)
        let moment = try Self.moment("2026-03-01T03:00:01.000Z")
        for count in 0..<text.count { #expect(ShipperWords.lag(at: moment, in: String(text.prefix(count))) == nil) }
        #expect(ShipperWords.lag(at: moment, in: text) == 0)
    }
}
