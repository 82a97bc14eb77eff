internal import Drills
internal import Foundation

/// Where drills keep a store's files, and where their reports go.
enum DrillFiles {
    /// Runs `body` with a directory for the store's files: the one given, or a new one that is removed again when
    /// `body` says that nothing in it is of interest. Returns the directory if it was kept without being asked for.
    ///
    /// SIGINT and SIGTERM cancel the body, which then stops everything it started.
    static func withStateDirectory<Result: Sendable>(
        _ given: String?, _ body: @escaping @Sendable (String) async throws -> (Result, isDone: Bool)
    ) async throws -> (Result, kept: String?) {
        if let given { return (try await Interruption.cancelling { try await body(given) }.0, nil) }
        let directory = try ScratchDirectory.make()
        do {
            let (result, isDone) = try await Interruption.cancelling { try await body(directory) }
            if isDone { ScratchDirectory.remove(directory) }
            return (result, isDone ? nil : ScratchDirectory.keep(directory))
        } catch {
            ScratchDirectory.remove(directory)
            throw error
        }
    }

    /// Writes `SCENARIO.txt` and `SCENARIO.json` for each report, and all of them as `report.html` and `junit.xml`.
    static func write(
        _ reports: [DrillReport], to directory: String, title: String = "Drills of a store",
        preface: (heading: String, rows: [[String]])? = nil, _ console: Console
    ) throws {
        let page = HTMLReport.page(
            reports, title: title, made: Date().formatted(.iso8601.dateSeparator(.dash).timeSeparator(.colon)),
            preface: preface)
        try write(page, to: directory, "report.html")
        try write(JUnitReport.document(reports), to: directory, "junit.xml")
        for report in reports {
            try write(report.text, to: directory, "\(report.scenario).txt")
            try write(try json(report), to: directory, "\(report.scenario).json")
        }
        console.note("reports written to \(directory), all of them in \(directory)/report.html")
    }

    static func write(_ text: String, to directory: String, _ name: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
            let path = URL(filePath: directory).appending(path: name)
            try Data(text.utf8).write(to: path, options: .atomic)
        } catch {
            throw UserFacingError(
                code: "drill.report_not_written", summary: "cannot write \(name) to \(directory)",
                cause: error.localizedDescription)
        }
    }

    static func json(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
    }
}
