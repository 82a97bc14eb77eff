import Foundation
import LoopbackServers
import Testing

/// `breakwater files` through the real restic.
@Suite struct FilesCommandTests {
    @Test func backupListRestoreAndPrune() async throws {
        let site = try Site()
        let program = site.program
        let first = try await program.run(["files", "backup", "--json"])
        #expect(first.status == 0, "\(first.errors)")
        let made = try first.document()
        #expect(made["files"] as? Int == 3, "\(made)")
        for key in ["id", "bytes", "added_bytes", "duration_ms", "paths", "stores"] {
            #expect(made[key] != nil, "\(key)")
        }
        let id = try #require(made["id"] as? String)

        // One that is later, with a change.
        try site.put("new", at: "\(site.content)/uploads/2026/cap.jpg")
        try await BackupTests.Commands.waitForAnotherSecond()
        let between = Date()
        try await BackupTests.Commands.waitForAnotherSecond()
        let second = try await program.run(["files", "backup"])
        #expect(second.status == 0 && second.output.contains("4 files"), "\(second.output)\(second.errors)")

        let list = try await program.run(["files", "list", "--json"]).document()
        let backups = try #require(list["backups"] as? [[String: Any]])
        #expect(
            backups.count == 2 && backups.last?["id"] as? String == id && backups.last?["shop"] as? String == "shop")

        // As of a moment, on a machine that has the topology and the identity alone.
        try FileManager.default.removeItem(at: site.password)
        let restore = ["files", "restore", "--identity", "key.txt", "--json"]
        let then = try await program.run(restore + ["--before", between.formatted(.iso8601), "--to", "then"])
        #expect(then.status == 0, "\(then.errors)")
        #expect(try then.document()["snapshot"] as? String == id)
        let files = site.restored(to: "then")
        #expect(
            files.keys.sorted() == [
                "wp-config.php", "wp-content/plugins/shop/cache/code.php", "wp-content/uploads/2026/hoodie.jpg",
            ])
        #expect(files["wp-config.php"]?.contains("AUTH_SALT") == true)
        let latest = try await program.run(restore + ["latest", "--to", "now"])
        #expect(latest.status == 0 && site.restored(to: "now").count == 4, "\(latest.errors)")

        // Never over what is there.
        let refused = try await program.run(restore + ["--to", "now"])
        #expect(refused.status == 3)
        #expect(try refused.code() == "files.not_empty")
        let over = try await program.run(restore + ["--to", "now", "--overwrite"])
        #expect(over.status == 0, "\(over.errors)")
        let early = try await program.run(restore + ["--before", "2020-01-01T00:00:00Z", "--to", "early"])
        #expect(early.status == 1)
        #expect(try early.code() == "files.none_before")

        // Retention: the newest stays, nothing goes without --apply.
        let prune = ["files", "prune", "--keep-last", "1", "--identity", "key.txt", "--json"]
        let dry = try await program.run(prune).document()
        #expect(dry["applied"] as? Bool == false)
        #expect(try await program.run(prune + ["--apply"]).status == 0)
        let left = try await program.run(["files", "list", "--identity", "key.txt", "--json"]).document()
        #expect((left["backups"] as? [[String: Any]])?.count == 1)
        #expect((left["backups"] as? [[String: Any]])?.first?["id"] as? String != id)
    }

    /// Each of several stores has a backup of its own; what opens it is in each.
    @Test func severalStores() async throws {
        let site = try Site(stores: ["dir:FOLDER/one", "dir:FOLDER/two"])
        let program = site.program
        #expect(try await program.run(["files", "backup"]).status == 0)
        try FileManager.default.removeItem(at: program.folder.appending(path: "one"))
        let out = try await program.run(["files", "restore", "--identity", "key.txt", "--to", "out", "--json"])
        #expect(out.status == 0 && site.restored(to: "out").count == 3, "\(out.errors)")
        // The one that is lost is made anew; the same password serves both.
        let again = try await program.run(["files", "backup", "--json"])
        #expect(again.status == 0, "\(again.errors)")
        #expect(try await program.run(["files", "list"]).status == 0)

        // A store that is required and cannot be had.
        try FileManager.default.removeItem(at: program.folder.appending(path: "two"))
        try Data().write(to: program.folder.appending(path: "two"))
        let failed = try await program.run(["files", "backup", "--json"])
        #expect(failed.status == 1 && failed.errors.contains("two"), "\(failed.errors)")
    }

    /// Whoever lacks the password makes no second repository beside the first.
    @Test func theirPassword() async throws {
        let site = try Site()
        let program = site.program
        #expect(try await program.run(["files", "backup"]).status == 0)
        let mode = try FileManager.default.attributesOfItem(atPath: site.password.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let kept = try String(contentsOf: site.password, encoding: .utf8)
        try FileManager.default.removeItem(at: site.password)
        let lost = try await program.run(["files", "backup", "--json"])
        #expect(lost.status == 2)
        #expect(try lost.code() == "files.password_missing")
        let taken = try await program.run(["files", "backup", "--identity", "key.txt"])
        #expect(taken.status == 0, "\(taken.errors)")
        #expect(try String(contentsOf: site.password, encoding: .utf8) == kept)

        // With stock tools alone.
        let opened = try output(
            of: [
                "/usr/bin/age", "-d", "-i", "\(program.folder.path)/key.txt",
                "\(program.folder.path)/one/files/password.age",
            ])
        #expect(opened == kept)
        // A wrong one is said to be wrong, and changes nothing.
        try Data("wrong\n".utf8).write(to: site.password)
        let wrong = try await program.run(["files", "backup", "--json"])
        #expect(wrong.status == 1)
        #expect(try wrong.code() == "files.wrong_password")
        let fine = try await program.run(["files", "list", "--identity", "key.txt", "--json"])
        #expect((try fine.document()["backups"] as? [Any])?.count == 2)
    }

    /// What is silently left out by others.
    @Test func linksAndPathsThatAreGone() async throws {
        let site = try Site()
        let program = site.program
        try site.put("jpg", at: "\(program.folder.path)/volume/a.jpg")
        try FileManager.default.createSymbolicLink(
            atPath: "\(site.content)/uploads/volume", withDestinationPath: "\(program.folder.path)/volume")
        let linked = try await program.run(["files", "backup", "--json"])
        #expect(linked.status == 0)
        #expect(linked.errors.contains("is a link to") && linked.errors.contains("/volume"), "\(linked.errors)")
        try FileManager.default.removeItem(atPath: site.content)
        let gone = try await program.run(["files", "backup", "--json"])
        #expect(gone.status == 1)
        #expect(try gone.code() == "files.path_missing")
    }

    /// The real object store; the environment of restic has the keys, its arguments none.
    @Test(.timeLimit(.minutes(3))) func aBucket() async throws {
        let server = try await onThread { try ObjectServer() }
        defer { server.stop() }
        let bucket = try await Bucket(on: server, "backups")
        let site = try Site(stores: [bucket.url])
        let program = site.program
        let running = try program.start(["files", "backup", "--json"], bucket.environment)
        var seen = 0
        while running.process.isRunning {
            for text in Self.commandLines() where text.contains("restic") {
                seen += 1
                #expect(!text.contains(ObjectServer.owner.secret))
                if let password = try? String(contentsOf: site.password, encoding: .utf8).dropLast() {
                    #expect(!text.contains(password))
                }
            }
            try await Task.sleep(for: .milliseconds(5))
        }
        let made = try await running.outcome()
        #expect(made.status == 0 && seen > 0, "\(made.errors)")
        #expect(!made.errors.contains(ObjectServer.owner.secret))
        let out = try await program.run(
            ["files", "restore", "--identity", "key.txt", "--to", "out"], bucket.environment)
        #expect(out.status == 0 && site.restored(to: "out").count == 3, "\(out.errors)")
        let prune = try await program.run(["files", "prune", "--keep-last", "1", "--apply"], bucket.environment)
        #expect(prune.status == 0, "\(prune.errors)")
        // Keys that are none: said, and nothing is made.
        let stranger = try await program.run(["files", "backup", "--json"], Bucket.environment(ObjectServer.stranger))
        #expect(stranger.status == 1)
        #expect(try stranger.code()?.hasPrefix("store.") == true, "\(stranger.errors)")
    }

    /// Of all processes, as everybody sees them.
    private static func commandLines() -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).filter { Int($0) != nil }
            .compactMap { FileManager.default.contents(atPath: "/proc/\($0)/cmdline") }
            .map { String(decoding: $0, as: UTF8.self) }
    }

    /// Interrupted, it leaves no process and no half of a backup that lists.
    @Test func interrupted() async throws {
        let site = try Site()
        let program = site.program
        #expect(try await program.run(["files", "backup"]).status == 0)
        let noise = try FileHandle(forReadingFrom: URL(filePath: "/dev/urandom")).read(upToCount: 64 << 20)
        try #require(noise).write(to: URL(filePath: "\(site.content)/uploads/film.mp4"))
        let running = try program.start(["files", "backup", "--json"])
        while !Self.commandLines().contains(where: { $0.contains("restic") && $0.contains(site.root) }) {
            try #require(running.process.isRunning)
            try await Task.sleep(for: .milliseconds(2))
        }
        running.kill(SIGTERM)
        let outcome = try await running.outcome()
        #expect(outcome.status == 130 || outcome.status == 0, "\(outcome.errors)")
        #expect(!Self.commandLines().contains { $0.contains("restic") && $0.contains(site.root) })
        #expect(try await program.run(["files", "backup"]).status == 0)
    }
}
