internal import Foundation
internal import LocalStack

/// One of two buckets goes away while a backup is written to it, stays away for another backup, then both are away, and
/// they come back. One of them is enough for a backup.
struct BucketDown {
    private let course: RecoveryCourse
    private var outcome = RecoveryOutcome(fault: 0)
    private let buckets: [String]

    init(_ course: RecoveryCourse) {
        self.course = course
        buckets = RecoveryStage.buckets(in: course.stage.folder)
    }

    consuming func play() async throws -> RecoveryOutcome {
        for bucket in buckets { try Self.makeLink(bucket) }
        try await course.ordersPlaced(5)
        let first = try await course.step("backup") { try await course.backUp() }
        outcome.expect("both_stored", first.stores.count { $0.stored } == 2, "the first backup is in both buckets")

        let during = try await loseBucket()
        outcome.expect("degraded", during.stores.map(\.stored) == [false, true], Self.words(during))
        // The newest of two backups is known by its name, which counts seconds.
        try await Task.sleep(for: .seconds(1))
        let covered = MonotonicClock.now()
        let without = try await course.step("backup_without") { try await course.backUp(ending: [4]) }
        outcome.expect("still_degraded", without.stores.map(\.stored) == [false, true], Self.words(without))

        try Self.close(buckets[1])
        course.note("fault.injected", "the other bucket is away as well")
        let none = try await course.tool.attempt(["backup", "create"])
        outcome.expect(
            "no_backup_without_bucket", none.status == 1,
            "it ended with \(none.status)\(none.code.map { " (\($0))" } ?? "")")
        for bucket in buckets { try Self.open(bucket) }
        course.note("fault.repaired", "both buckets are back")

        try await nothingHalfListed(first.id, during.id, without.id)
        let restored = try await course.step("restore") { try await course.restore(["latest"]) }
        outcome.expect(
            "latest_restored", restored.verified && restored.backup == without.id,
            "the latest is \(restored.backup), made without the first bucket")
        let orders = OrderChecker.check(
            course.histories, found: try await course.orders(in: restored.database), until: covered)
        let wrong = orders.count(.lost) + orders.count(.duplicated) + orders.count(.torn)
        outcome.expect("restored_orders", wrong == 0, "\(wrong) missing, twice or torn of those before that backup")
        outcome.figures.restoreMs = restored.durationMs

        let last = try await course.step("backup_with_both") { try await course.backUp() }
        outcome.expect("both_stored_again", last.stores.count { $0.stored } == 2, Self.words(last))
        try await course.ordersPlaced(2)
        return outcome
    }

    /// Takes the first bucket away as soon as the backup has written something to it.
    private mutating func loseBucket() async throws -> BackupWords.Created {
        let place = "\(buckets[0])/\(course.stage.database.name)"
        let before = Set(try FileManager.default.contentsOfDirectory(atPath: place))
        let (bucket, course) = (buckets[0], course)
        let (made, fault) = try await course.step("backup_during") {
            try await withThrowingTaskGroup(of: Int64?.self) { group in
                group.addTask {
                    let isWriting: Bool? = try await poll(every: .milliseconds(2), limit: .seconds(60)) {
                        Self.isWriting(below: place, except: before) ? true : nil
                    }
                    guard isWriting != nil else { return nil }
                    try Self.close(bucket)
                    return MonotonicClock.now()
                }
                let made = try await course.backUp(ending: [0, 4])
                return (made, try await group.next() ?? nil)
            }
        }
        guard let fault, made.stores.first?.stored == false else {
            throw DrillError("drill.fault_not_injected", "the backup was done before its bucket was away")
        }
        outcome.fault = fault
        course.note("fault.injected", at: fault, "the first bucket is away while a backup is written to it")
        return made
    }

    private static func isWriting(below place: String, except known: Set<String>) -> Bool {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? []
        return names.contains { !known.contains($0) }
    }

    /// A backup is listed where it is whole, and nowhere else.
    private mutating func nothingHalfListed(_ whole: String, _ during: String, _ without: String) async throws {
        let listed = try await course.list()
        var places: [String: Int] = [:]
        for backup in listed.backups { places[backup.id] = backup.stores.count }
        let expected = [whole: 2, during: 1, without: 1]
        outcome.expect(
            "nothing_half_listed", places == expected,
            "listed with their buckets: \(places.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })")
    }

    private static func words(_ made: BackupWords.Created) -> String {
        "\(made.id): " + made.stores.map { $0.stored ? "stored" : "not stored" }.joined(separator: ", ")
    }

    // MARK: The folder

    /// Where the folder itself is: the bucket's name is a link to it.
    private static func data(_ bucket: String) -> String { bucket + ".data" }

    private static func makeLink(_ bucket: String) throws {
        guard rename(bucket, data(bucket)) == 0, symlink(data(bucket), bucket) == 0 else {
            throw DrillError("drill.fault_not_injected", "no link to the bucket \(bucket) could be made")
        }
    }

    /// In one step, for whoever writes to it makes missing folders again: what was there is out of reach, and nothing can
    /// be written in its place, where a file is.
    private static func close(_ bucket: String) throws {
        let file = bucket + ".file"
        guard FileManager.default.createFile(atPath: file, contents: nil), rename(file, bucket) == 0 else {
            throw DrillError("drill.fault_not_injected", "the bucket \(bucket) could not be taken away")
        }
    }

    private static func open(_ bucket: String) throws {
        let link = bucket + ".link"
        guard symlink(data(bucket), link) == 0, rename(link, bucket) == 0 else {
            throw DrillError("drill.fault_not_repaired", "the bucket \(bucket) could not be brought back")
        }
    }
}
