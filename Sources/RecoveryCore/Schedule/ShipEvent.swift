internal import Foundation

/// One line of what `breakwater backup ship --json` says as it runs.
package struct ShipEvent: Sendable, Codable, Equatable {
    /// `started`, `progress`, `gap`, `reconnecting`; others may come.
    package var event: String
    /// How far the bucket is behind the server, in milliseconds.
    package var lagMs: Int?
    package var reason: String?
    package var needsBackup: Bool?

    /// Nil for what is no such line.
    package init?(line: String) {
        guard line.utf8.count <= 65_536 else { return nil }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let event = try? decoder.decode(ShipEvent.self, from: Data(line.utf8)) else { return nil }
        self = event
    }
}

/// What is worth keeping of what a command printed with `--json`.
package enum JobDetail {
    /// In bytes; more than a summary needs.
    package static let limit = 4_096

    private struct Failure: Decodable {
        struct Body: Decodable {
            var code: String
            var message: String
        }

        var error: Body
    }

    /// The document of a success, the sentence and the code of a failure; else the last thing that was said.
    package static func text(output: String?, said: String?) -> String {
        guard let output, !output.isEmpty else { return cut(said ?? "") }
        if let failure = try? JSONDecoder().decode(Failure.self, from: Data(output.utf8)) {
            return cut("\(failure.error.message) [\(failure.error.code)]")
        }
        return cut(output)
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > limit else { return text }
        return String(decoding: text.utf8.prefix(limit), as: UTF8.self) + "…"
    }
}
