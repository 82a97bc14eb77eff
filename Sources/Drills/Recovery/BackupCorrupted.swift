internal import Foundation
internal import LocalStack

/// The newest backup is damaged in its bucket: bytes of it change, an object is gone, its manifest is cut off.
struct BackupCorrupted {
    private let course: RecoveryCourse
    private var outcome = RecoveryOutcome(fault: 0)

    /// The table whose rows are damaged.
    private static let table = "wp_wc_orders"

    init(_ course: RecoveryCourse) { self.course = course }

    consuming func play() async throws -> RecoveryOutcome {
        try await course.ordersPlaced(5)
        // What was acknowledged until now must be in the backup that is about to begin.
        let covered = MonotonicClock.now()
        let good = try await course.step("backup") { try await course.backUp() }
        let proof = try await course.step("verify") { try await course.verify(good.id, ending: [0]) }
        outcome.expect("verified", proof.verified, "the first backup, \(good.id)")
        try await course.ordersPlaced(5)
        let newest = try await course.step("second_backup") { try await course.backUp() }

        try await damageRows(of: newest.id)
        try await removeRows(of: newest.id)
        try await damageManifest(of: newest.id)

        // It stays damaged from here on.
        let rows = try file(of: newest.id)
        try Self.change(rows)
        let refused = try await course.tool.attempt(
            ["restore", "latest", "--identity", course.stage.identityFile])
        outcome.expect(
            "damaged_not_restored", refused.status == 1,
            "restoring it ended with \(refused.status)\(refused.code.map { " (\($0))" } ?? "")")
        try await prune(keeping: good.id)
        let restored = try await course.step("restore") { try await course.restore([good.id]) }
        outcome.expect("older_restored", restored.verified && restored.backup == good.id, restored.backup)
        try await compare(restored.database, covered)
        outcome.figures.restoreMs = restored.durationMs
        try await course.ordersPlaced(2)
        return outcome
    }

    // MARK: Damage

    private mutating func damageRows(of id: String) async throws {
        let rows = try file(of: id)
        let whole = try Data(contentsOf: rows)
        outcome.fault = MonotonicClock.now()
        try Self.change(rows)
        course.note("fault.injected", at: outcome.fault, "one byte of \(rows.lastPathComponent) changed")
        guard try Data(contentsOf: rows) != whole else { throw Self.harmless(rows) }
        try await findsDamage("changed_byte", id)
        try whole.write(to: rows)
    }

    private mutating func removeRows(of id: String) async throws {
        let rows = try file(of: id)
        let whole = try Data(contentsOf: rows)
        try FileManager.default.removeItem(at: rows)
        course.note("fault.injected", "\(rows.lastPathComponent) removed")
        try await findsDamage("removed_object", id)
        try whole.write(to: rows)
    }

    private mutating func damageManifest(of id: String) async throws {
        let manifest = folder(of: id).appending(path: "manifest.json")
        let whole = try Data(contentsOf: manifest)
        try whole.prefix(whole.count / 2).write(to: manifest)
        course.note("fault.injected", "the manifest of \(id) cut off")
        let state = try await course.list().backups.first { $0.id == id }?.state
        outcome.expect("cut_manifest_shown", state == "unreadable", "the list says \(state ?? "nothing")")
        let latest = try await course.tool.attempt(["restore", "latest", "--identity", course.stage.identityFile])
        outcome.expect(
            "cut_manifest_stops_latest", latest.status == 1,
            "restoring the latest ended with \(latest.status)\(latest.code.map { " (\($0))" } ?? "")")
        try whole.write(to: manifest)
    }

    private mutating func findsDamage(_ name: String, _ id: String) async throws {
        let found = try await course.step("verify_\(name)") { try await course.verify(id, ending: [1]) }
        let words = found.failures.map { "\($0.what): \($0.why)" }.joined(separator: "; ")
        outcome.expect(
            "\(name)_found", !found.verified && words.contains(Self.table), words.isEmpty ? "no failure" : words)
        let state = try await course.list().backups.first { $0.id == id }?.state
        outcome.expect("\(name)_shown", state == "failed", "the list says \(state ?? "nothing")")
    }

    private func folder(of id: String) -> URL {
        URL(filePath: RecoveryStage.buckets(in: course.stage.folder)[0])
            .appending(path: "\(course.stage.database.name)/\(id)")
    }

    private func file(of id: String) throws -> URL {
        let rows = folder(of: id).appending(path: "2-rows")
        let names = try FileManager.default.contentsOfDirectory(atPath: rows.path)
        guard let name = names.sorted().first(where: { $0.hasSuffix("-\(Self.table).sql.zst.age") }) else {
            throw DrillError("drill.fault_not_injected", "the backup has no object with rows of \(Self.table)")
        }
        return rows.appending(path: name)
    }

    private static func change(_ file: URL) throws {
        var bytes = try Data(contentsOf: file)
        guard !bytes.isEmpty else { throw harmless(file) }
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
    }

    private static func harmless(_ file: URL) -> DrillError {
        DrillError("drill.fault_not_injected", "\(file.lastPathComponent) could not be changed")
    }

    // MARK: What remains

    private mutating func prune(keeping id: String) async throws {
        let pruned = try await course.tool.run(["backup", "prune", "--keep-last", "1", "--apply"])
            .decoded(as: BackupWords.Pruned.self)
        let stays = pruned.stores.first?.backups.first { $0.id == id }?.stays
        let isThere = FileManager.default.fileExists(atPath: folder(of: id).appending(path: "manifest.json").path)
        outcome.expect(
            "verified_kept", stays == true && isThere,
            "prune --keep-last 1 \(isThere ? "keeps" : "has deleted") the newest verified backup")
    }

    /// What was acknowledged before the backup began is in what was restored from it, each once.
    private mutating func compare(_ database: String, _ covered: Int64) async throws {
        let result = OrderChecker.check(
            course.histories, found: try await course.orders(in: database), until: covered)
        let wrong = result.count(.lost) + result.count(.duplicated) + result.count(.torn)
        outcome.expect(
            "restored_orders", wrong == 0,
            "\(result.count(.lost)) of those acknowledged before the backup missing, \(result.count(.duplicated)) twice, "
                + "\(result.count(.torn)) torn")
    }
}
