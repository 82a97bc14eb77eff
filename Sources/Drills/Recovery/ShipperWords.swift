internal import Foundation

/// What `breakwater backup ship --json` prints, a document a line.
enum ShipperWords {
    private struct Progress: Decodable {
        var event: String
        var lagMs: Int?
        /// When it was printed.
        var at: String?
    }

    /// How far the bucket is behind in the first line that says it has all of `moment`; nil when none does.
    static func lag(at moment: Date, in text: String) -> Int? {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        // A line that is being written is none yet.
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        for line in lines where line.hasPrefix("{") {
            guard let progress = try? decoder.decode(Progress.self, from: Data(line.utf8)),
                progress.event == "progress",
                let lag = progress.lagMs, let at = progress.at.flatMap(date)
            else { continue }
            if at.addingTimeInterval(-Double(lag) / 1000) >= moment { return lag }
        }
        return nil
    }

    private static func date(_ text: String) -> Date? {
        (try? Date(text, strategy: .iso8601.time(includingFractionalSeconds: true)))
            ?? (try? Date(text, strategy: .iso8601))
    }
}
