import Foundation
import Testing

/// docs/backup-traps.md names no test that is not there.
@Suite struct TrapPageTests {
    private static let root = (0..<3).reduce(into: URL(filePath: #filePath)) { url, _ in url.deleteLastPathComponent() }

    /// What stands in backticks behind the last `|` but one of each row of a table.
    private static func names() throws -> [String] {
        let page = try String(contentsOf: root.appending(path: "docs/backup-traps.md"), encoding: .utf8)
        return page.split(separator: "\n").filter { $0.hasPrefix("| ") }.flatMap { row -> [String] in
            let cell = row.split(separator: "|").last { !$0.allSatisfy(\.isWhitespace) } ?? ""
            return cell.matches(of: #/`([A-Za-z]+(?:\.[A-Za-z]+)?)`/#).map { String($0.output.1) }
        }
    }

    /// The text of each file of tests, by its name.
    private static func files() throws -> [String: String] {
        let tests = root.appending(path: "Tests")
        let paths = FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil)?.compactMap {
            $0 as? URL
        }
        return try (paths ?? []).filter { $0.pathExtension == "swift" }.reduce(into: [:]) { files, path in
            let text = try String(contentsOf: path, encoding: .utf8)
            files[path.deletingPathExtension().lastPathComponent, default: ""] += text
        }
    }

    @Test func everyTestIsThere() throws {
        let files = try Self.files()
        let names = try Self.names()
        var file = ""
        var tests = 0
        for name in names {
            let parts = name.split(separator: ".").map(String.init)
            // `SuiteTests`, `SuiteTests.aTest`, or another test of the suite that was named last.
            if parts[0].hasSuffix("Tests") || parts[0] == "LosslessTypes" {
                file = parts[0]
                #expect(files[file] != nil, "\(name)")
            }
            guard let test = parts.last, test.first?.isLowercase == true, test.contains(where: \.isUppercase) else {
                continue
            }
            tests += 1
            #expect(files[file]?.contains("func \(test)(") == true, "\(name) in \(file)")
        }
        #expect(tests > 40, "\(tests)")
    }
}
