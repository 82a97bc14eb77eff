import Age
import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import ObjectStore
import RecoveryCore
import Testing
import Topology

extension BackupTests {
    /// docs/restore-without-breakwater.md, command by command.
    @Suite(.faultyStores) struct StockTools {
        /// The commands of the page, a script for each block.
        private static func page() throws -> [String] {
            var root = URL(filePath: #filePath)
            for _ in 0..<4 { root.deleteLastPathComponent() }
            let text = try String(
                contentsOf: root.appending(path: "docs/restore-without-breakwater.md"), encoding: .utf8)
            var blocks: [String] = []
            var block: [Substring]?
            for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
                switch (line, block) {
                case ("```bash", _): block = []
                case ("```", let lines?):
                    blocks.append(lines.joined(separator: "\n"))
                    block = nil
                default: block?.append(line)
                }
            }
            return blocks
        }

        /// What a reader would write into the first block: the same names, other values.
        private static func values(
            _ example: String, _ store: LoopbackPlace, backup: String, server: LoopbackDatabase, target: String
        ) throws -> String {
            let values = [
                ("access_key", ObjectServer.owner.accessKeyID), ("secret_key", ObjectServer.owner.secret),
                ("host_base", "\(store.address):\(store.port)"), ("host_bucket", "\(store.address):\(store.port)"),
                ("bucket_location", ObjectServer.region), ("use_https", "False"), ("password", ""),
                ("host", "localhost\nsocket = \(server.place.socketPath)"),
            ]
            let exports = [("BACKUP", backup), ("TARGET", target)]
            var used: Set<String> = []
            let lines = example.split(separator: "\n").map { line in
                for (name, value) in values where line.hasPrefix("\(name) = ") {
                    used.insert(name)
                    return "\(name) = \(value)"
                }
                for (name, value) in exports where line.hasPrefix("export \(name)=") {
                    used.insert(name)
                    return "export \(name)='\(value)'"
                }
                return String(line)
            }
            #expect(used == Set((values + exports).map(\.0)), "the page asks for other values")
            return lines.joined(separator: "\n")
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func thePageRestoresWhatWasThere(flavour: LoopbackDatabase.Flavour) async throws {
            try await BackupTests.withTorture(flavour) { server, source, target in
                try await FaultyStores.with { store, _, proxy in
                    let id = StoreFaults.newID()
                    let manifest = try await Dump(
                        source, options: BackupTests.options { $0.schemaOnly = [.pattern(TablePattern("sess*"))] },
                        id: id,
                        destination: StoreFaults.folder(id, source, store)
                    ).run()
                    let (from, to) = (try #require(source.address.database), try #require(target.address.database))
                    try await server.run("DROP DATABASE \(to)")
                    var blocks = try Self.page()
                    #expect(blocks.count == 7)
                    let backup = "s3://\(store.location.bucket)/\(BackupLayout.folder(of: id, in: from).dropLast())"
                    blocks[0] = try Self.values(blocks[0], proxy.place, backup: backup, server: server, target: to)
                    let folder = FileManager.default.temporaryDirectory.appending(
                        path: "bw-page-\(UUID().uuidString.prefix(8))")
                    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
                    defer { try? FileManager.default.removeItem(at: folder) }
                    try Data(BackupTests.identity.encoded().utf8).write(to: folder.appending(path: "key.txt"))
                    try Data(blocks.joined(separator: "\n").utf8).write(to: folder.appending(path: "page"))
                    let said = try output(of: ["bash", "-c", "cd \"$1\"; bash page 2>&1 || true", "page", folder.path])
                    let tables = manifest.tables.filter { $0.digest != nil }.count
                    #expect(said.hasSuffix("all \(tables) tables are as they were\n"), "\(said)")
                    #expect(said.contains("DEFINER=`ghost`@`nowhere`") && said.contains("left out: view broken"))
                    try await RoundTrips.compare(source, target, manifest)
                }
            }
        }
    }
}
