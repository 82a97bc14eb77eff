import Foundation
import Testing
import Topology

/// `docs/topology.md` against the code.
struct DocumentationTests {
    private let page: String

    init() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..")
        page = try String(contentsOf: root.appending(path: "docs/topology.md").standardizedFileURL, encoding: .utf8)
    }

    @Test func everyCodeIsExplainedAndNoOther() {
        let rows = page.split(separator: "\n").filter { $0.hasPrefix("| `") && $0.contains(".") }
        let explained = rows.compactMap { row in row.split(separator: "`").dropFirst().first.map(String.init) }
            .filter { $0.contains(".") && !$0.hasPrefix("health.") }
        #expect(Set(explained) == Set(DiagnosticCode.allCases.map(\.rawValue)))
        #expect(explained.count == Set(explained).count)
    }

    /// The hint of an unknown key lists those that are known.
    @Test(arguments: [
        "", "regions", "redis", "sidecar", "mysql", "mysql.haproxy", "backup", "backup.keep",
        "backup.files", "agent", "web", "load_balancer", "dns",
        "region_failover",
    ])
    func everyKeyIsExplained(_ section: String) throws {
        let text =
            localFile
            + section.split(separator: ".").reversed().reduce("zzzzzzzz: 1") { "\($1): { \($0) }" }
            + "\n"
        let hint = try #require(diagnostic("topology.unknown_key", in: text)?.hint)
        let keys = try #require(hint.split(separator: "known keys: ").first).split(separator: ", ")
        #expect(keys.count >= 2)
        for key in keys { #expect(page.contains("`\(key)`"), "\(section).\(key)") }
    }

    @Test func theFilesOfThePageAreValid() {
        let blocks = page.split(separator: "```yaml\n").dropFirst().compactMap { $0.split(separator: "```").first }
        #expect(blocks.count == 2)
        for block in blocks {
            #expect(StoreTopology.read(text: String(block), file: "docs/topology.md").diagnostics == [])
        }
    }
}
