import Foundation
import Testing

@testable import RedisProxy

@Suite struct CommandCompatibilityTests {
    @Test func thePageInDocsIsTheOneTheTableWrites() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/redis-commands.md"), encoding: .utf8)
        #expect(
            page == CommandCompatibility.markdown(),
            "write it anew: breakwater-proxy --print-commands > docs/redis-commands.md")
    }

    @Test func everyCommandHasItsRow() {
        let rows = CommandCompatibility.markdown().split(separator: "\n").filter { $0.hasPrefix("| ") }
        for descriptor in CommandCatalogue.all {
            #expect(rows.filter { $0.hasPrefix("| \(descriptor.name) |") }.count == 1, "\(descriptor.name)")
        }
    }
}
