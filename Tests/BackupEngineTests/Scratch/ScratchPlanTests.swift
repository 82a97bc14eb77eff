import DatabaseServers
import Foundation
import RecoveryCore
import Testing

@testable import BackupEngine

struct ScratchPlanTests {
    private static let mebibyte: UInt64 = 1 << 20

    @Test(arguments: [
        ("mysqld  Ver 9.7.4-2 for Linux on x86_64 ((Debian))", DatabaseServer.Family.mysql, "9.7.4"),
        ("mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)", .mariadb, "10.11.19"),
        ("/usr/sbin/mysqld  Ver 8.0.43 for Linux on x86_64 (MySQL Community Server - GPL)\n", .mysql, "8.0.43"),
    ])
    func programsSayWhatTheyAre(text: String, family: DatabaseServer.Family, version: String) throws {
        let program = try #require(ScratchProgram(path: "/x", versionText: text))
        #expect(program.server.family == family)
        #expect("\(program.server.version)" == version)
    }

    @Test(arguments: ["", "Ver", "mysqld: error while loading shared libraries", "mysqld Ver nine for Linux"])
    func whatSaysNothingIsNoProgram(text: String) {
        #expect(ScratchProgram(path: "/x", versionText: text) == nil)
    }

    @Test(arguments: [
        ([(8, 0, 40), (8, 4, 3), (9, 7, 4)], (8, 4, 1), (8, 4, 3)),
        ([(8, 0, 40), (8, 0, 43), (9, 7, 4)], (8, 0, 35), (8, 0, 43)),
        // The next newer one, not the newest.
        ([(8, 0, 40), (8, 4, 3), (9, 7, 4)], (8, 1, 0), (8, 4, 3)),
        // Older ones only.
        ([(8, 0, 40), (8, 4, 3)], (9, 0, 1), (8, 4, 3)),
    ])
    func theNearestVersionIsTaken(found: [(Int, Int, Int)], wanted: (Int, Int, Int), taken: (Int, Int, Int)) throws {
        let programs = try found.map { version in
            try #require(
                ScratchProgram(path: "/x", versionText: "mysqld Ver \(version.0).\(version.1).\(version.2) for Linux"))
        }
        let nearest = ScratchPlan.nearest(programs, to: .init(wanted.0, wanted.1, wanted.2))
        #expect(nearest?.server.version == .init(taken.0, taken.1, taken.2))
        #expect(ScratchPlan.nearest([], to: .init(8, 0)) == nil)
    }

    @Test func sizesFollowTheBackupAndTheMemory() {
        let gibibyte = 1_024 * Self.mebibyte
        func plan(
            _ family: DatabaseServer.Family, raw: UInt64, free: UInt64?, pool: UInt64? = nil
        ) -> (needed: UInt64, pool: UInt64, redo: UInt64) {
            let plan = ScratchPlan(family: family, rawBytes: raw, freeMemory: free, bufferPool: pool)
            return (
                plan.neededBytes / Self.mebibyte, plan.bufferPoolBytes / Self.mebibyte,
                plan.redoLogBytes / Self.mebibyte
            )
        }
        #expect(plan(.mysql, raw: 0, free: 8 * gibibyte) == (256, 128, 0))
        #expect(plan(.mariadb, raw: 0, free: 8 * gibibyte) == (160, 128, 96))
        #expect(plan(.mysql, raw: 400 * Self.mebibyte, free: 8 * gibibyte) == (1_456, 1_200, 0))
        #expect(plan(.mariadb, raw: 400 * Self.mebibyte, free: gibibyte) == (1_464, 512, 200))
        #expect(plan(.mysql, raw: 100 * gibibyte, free: 64 * gibibyte).pool == 16_384)
        #expect(plan(.mysql, raw: gibibyte, free: nil).pool == 256)
        #expect(plan(.mysql, raw: gibibyte, free: gibibyte, pool: 64 * Self.mebibyte).pool == 64)
        // A manifest may say anything.
        #expect(plan(.mariadb, raw: .max, free: gibibyte).needed > 1 << 40)
    }

    @Test(arguments: DatabaseServer.Family.allCases)
    func nobodyReachesItOverTheNetwork(family: DatabaseServer.Family) {
        let plan = ScratchPlan(family: family, rawBytes: 0, freeMemory: nil, bufferPool: nil)
        #expect(plan.options(for: family).contains("--skip-networking"))
        #expect(plan.options(for: family).contains("--skip-log-bin"))
    }

    @Test func programsAreLookedForWhereTheUserSays() throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "bw-programs-\(UUID().uuidString.prefix(8))")
        defer { try? FileManager.default.removeItem(at: root) }
        for path in ["usr/sbin/mysqld", "usr/bin/mariadb-install-db", "usr/share/mysql/x"] {
            let file = root.appending(path: path)
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data().write(to: file)
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
        }
        let programs = DatabasePrograms([root.path], searchPath: "")
        let server = "\(root.path)/usr/sbin/mysqld"
        #expect(programs.candidates(for: .mysql).first == server)
        #expect(programs.candidates(for: .mariadb).first == server, "it may be a MariaDB of old")
        #expect(programs.installer(for: server) == "\(root.path)/usr/bin/mariadb-install-db")
        #expect(DatabasePrograms.relocation(of: server).first == "--basedir=\(root.path)/usr")
        #expect(DatabasePrograms.relocation(of: "/usr/sbin/mysqld").isEmpty)
    }
}
