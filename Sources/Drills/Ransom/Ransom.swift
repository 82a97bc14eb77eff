/// The keys with which the store backs up are stolen: how much can a thief destroy who knows the name of every object?
/// In a bucket that keeps versions nothing, in one that does not everything; he reads neither.
struct Ransom {
    private let course: RecoveryCourse
    private var outcome = RecoveryOutcome(fault: 0)

    private static let (kept, plain) = ("kept-versions", "no-versions")
    /// What must have been refused.
    private static let forbidden: Set<String> = [
        "list", "list_versions", "read", "delete", "delete_many", "delete_versions", "suspend_versions", "expire_all",
        "open_to_all", "delete_bucket",
    ]

    private struct Plundered: Decodable, Sendable {
        struct Attempt: Decodable, Sendable {
            var what: String
            var tried: Int
            var done: Int
            var refusals: [String]
        }

        var attempts: [Attempt]
        /// Seconds since 1970.
        var attackedAt: Int
    }

    private struct Inspected: Decodable, Sendable {
        var objects: Int
        var telling: Int
    }

    private struct Undone: Decodable, Sendable {
        var broughtBack: Int
        var removed: Int
    }

    init(_ course: RecoveryCourse) { self.course = course }

    consuming func play() async throws -> RecoveryOutcome {
        let server = try await ObjectStoreServer(course.stage, buckets: [Self.kept, Self.plain])
        try await course.ordersPlaced(5)
        // What was acknowledged until now must be in the backups that are about to begin.
        let covered = MonotonicClock.now()
        let made = try await course.step("backup") { try await backUp(to: Self.kept, server) }
        let lost = try await backUp(to: Self.plain, server)
        try await inspect(server)
        try await course.ordersPlaced(5)

        outcome.fault = MonotonicClock.now()
        let attack = try await plunder(Self.kept, server)
        _ = try await plunder(Self.plain, server)
        course.note("fault.injected", at: outcome.fault, "the thief did what the writer's keys allow")
        try await expectDamage(server)

        let undone: Undone = try await course.step("undo") { try await undo(Self.kept, attack, server) }
        let refused: Undone = try await undo(Self.plain, attack, server)
        outcome.expect(
            "brought_back", undone.broughtBack > 0 && undone.removed == 1,
            "\(undone.broughtBack) objects brought back, \(undone.removed) of the thief's removed")
        let restored = try await course.step("restore") {
            try await tool("reader", server).run(restoring(made, Self.kept, server))
                .decoded(as: BackupWords.Restored.self)
        }
        outcome.figures.restoreMs = restored.durationMs
        outcome.expect("restored", restored.verified && restored.backup == made, restored.backup)
        try await compare(restored.database, covered)
        let without = try await tool("reader", server).attempt(restoring(lost, Self.plain, server))
        outcome.expect(
            "lost_without_versions", refused.broughtBack == 0 && without.status == 1,
            "in a bucket without versions \(refused.broughtBack) objects came back, and restoring ended with "
                + "\(without.status)")
        try await course.ordersPlaced(2)
        return outcome
    }

    // MARK: Breakwater, with the keys of each user

    private func tool(_ user: String, _ server: ObjectStoreServer) -> BreakwaterTool {
        var tool = course.tool
        tool.variables = server.variables(of: user)
        return tool
    }

    /// With keys that can neither read, nor list, nor delete.
    private func backUp(to bucket: String, _ server: ObjectStoreServer) async throws -> String {
        let made = try await tool("writer", server).run(["backup", "create", "--store", server.store(bucket)])
            .decoded(as: BackupWords.Created.self)
        course.note("backup.made", "\(made.id) in \(bucket)")
        return made.id
    }

    private func restoring(_ id: String, _ bucket: String, _ server: ObjectStoreServer) -> [String] {
        ["restore", id, "--store", server.store(bucket), "--identity", course.stage.identityFile]
    }

    // MARK: The thief

    private mutating func inspect(_ server: ObjectStoreServer) async throws {
        let words = ["@example.com", OrderText.prefix, "INSERT INTO", "CREATE TABLE"]
        let found: Inspected = try await server.run(.init(action: .inspect, buckets: [Self.kept], words: words))
        outcome.expect(
            "nothing_to_read", found.objects > 0 && found.telling == 0,
            "\(found.telling) of \(found.objects) objects hold rows or statements in the clear")
    }

    private mutating func plunder(_ bucket: String, _ server: ObjectStoreServer) async throws -> Int {
        let result: Plundered = try await server.run(.init(action: .plunder, buckets: [bucket]))
        let allowed = result.attempts.filter { Self.forbidden.contains($0.what) && $0.done > 0 }
        let tried = Set(result.attempts.filter { $0.tried > 0 }.map(\.what))
        let words = result.attempts.map { "\($0.what) \($0.done)/\($0.tried)" }.joined(separator: ", ")
        outcome.expect("refused_in_\(bucket)", allowed.isEmpty && Self.forbidden.isSubset(of: tried), words)
        let overwritten = result.attempts.first { $0.what == "overwrite" }
        guard let overwritten, overwritten.tried > 0, overwritten.done == overwritten.tried else {
            throw DrillError("drill.fault_not_injected", "the thief could not overwrite everything: \(words)")
        }
        return result.attackedAt
    }

    private mutating func expectDamage(_ server: ObjectStoreServer) async throws {
        let latest = try await tool("reader", server).attempt(restoring("latest", Self.kept, server))
        outcome.expect(
            "damage_noticed", latest.status == 1,
            "restoring the latest after the attack ended with \(latest.status)\(latest.code.map { " (\($0))" } ?? "")")
    }

    private func undo(_ bucket: String, _ attackedAt: Int, _ server: ObjectStoreServer) async throws -> Undone {
        try await server.run(.init(action: .undo, buckets: [bucket], attackedAt: attackedAt))
    }

    private mutating func compare(_ database: String, _ covered: Int64) async throws {
        let result = OrderChecker.check(
            course.histories, found: try await course.orders(in: database), until: covered)
        let wrong = result.count(.lost) + result.count(.duplicated) + result.count(.torn)
        outcome.expect(
            "restored_orders", wrong == 0, "\(wrong) of those acknowledged before the backup are not as they were")
    }
}
