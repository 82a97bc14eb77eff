import Foundation
import LoopbackServers
import MySQLClient
import Testing

extension BackupTests.Commands {
    /// Database and files of one moment.
    @Suite struct WithFiles {
        @Test func theFilesOfTheSameMoment() async throws {
            try await BackupTests.Commands.withShop(.mariadb) { shop in
                let place = shop.server.place
                let site = try Site(
                    top: """
                        mysql:
                          endpoint: \(place.address):\(place.port)
                          database: \(shop.name)
                          user: shopkeeper
                          tls: required
                        """)
                let program = site.program
                // No files from before this one.
                let early = try await program.run(["backup", "create", "--json"], shop.environment)
                try #require(early.status == 0, "\(early.errors)")
                try await BackupTests.Commands.waitForAnotherSecond()
                #expect(try await program.run(["files", "backup"]).status == 0)
                try await BackupTests.Commands.waitForAnotherSecond()
                let late = try await program.run(["backup", "create", "--json"], shop.environment)
                try #require(late.status == 0, "\(late.errors)")
                try await BackupTests.Commands.waitForAnotherSecond()
                try site.put("later", at: "\(site.content)/uploads/later.jpg")
                #expect(try await program.run(["files", "backup"]).status == 0)

                let restore = ["restore", "--identity", "key.txt", "--json"]
                let outcome = try await program.run(restore + ["latest", "--with-files", "web"], shop.environment)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let files = try #require(try outcome.document()["files"] as? [String: Any])
                #expect(files["target"] as? String == program.folder.appending(path: "web").path)
                #expect(site.restored(to: "web").count == 3)
                #expect(site.restored(to: "web")["wp-content/uploads/later.jpg"] == nil)

                // Known before anything is restored.
                let id = try #require(try early.document()["id"] as? String)
                let none = try await program.run(restore + [id, "--with-files", "early"], shop.environment)
                #expect(none.status == 1)
                #expect(try none.code() == "files.none_before")
                let full = try await program.run(restore + [id, "--with-files", "web"], shop.environment)
                #expect(full.status == 3)
                let databases = try await MySQLConnection.with(shop.root) { root in
                    try await root.query(
                        "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name LIKE '\(shop.name)\\_2%'"
                    ).text()
                }
                #expect(databases == "1")
            }
        }
    }
}
