import NIOCore
import Testing

@testable import RedisProxy

@Suite struct CacheJournalTests {
    private static func time(_ seconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000_000) + .seconds(seconds)
    }

    private static func note(
        _ journal: inout CacheJournal, _ key: String, database: Int = 0, at second: Int64, isFrozen: Bool = false
    ) {
        Array(key.utf8).withUnsafeBytes {
            journal.note($0, database: database, at: time(second), isFrozen: isFrozen)
        }
    }

    private static func journal(limit: Int = 1 << 20) -> CacheJournal {
        CacheJournal(window: .seconds(30), limit: limit)
    }

    private static func keys(_ plan: PurgePlan, _ database: Int = 0) -> Set<String> {
        Set((plan.keys[database] ?? []).map { String(decoding: $0, as: UTF8.self) })
    }

    @Test func keysAreKeptByDatabaseAndOnce() {
        var journal = Self.journal()
        for (key, database) in [("a", 0), ("b", 3), ("a", 0), ("a", 3), ("", 0)] {
            Self.note(&journal, key, database: database, at: 0)
        }
        let plan = journal.plan(databases: [0])
        #expect(Self.keys(plan) == ["a", ""] && Self.keys(plan, 3) == ["a", "b"])
        #expect(plan.flushed.isEmpty && plan.keyCount == 4)
    }

    @Test(arguments: [(29, true), (30, true), (31, false)])
    func keysExpire(second: Int64, isKept: Bool) {
        var journal = Self.journal()
        Self.note(&journal, "a", at: 0)
        journal.note(.database(7), at: Self.time(0))
        journal.expire(at: Self.time(second))
        #expect(journal.isEmpty == !isKept)
        #expect((journal.bytes > 0) == isKept)
        #expect(journal.plan(databases: []).flushed == (isKept ? [7] : []))
    }

    /// A steady stream keeps little more than the window's keys.
    @Test func oldKeysLeaveWhileNewOnesCome() {
        var journal = Self.journal()
        for second in Int64(0)...120 { Self.note(&journal, "k\(second)", at: second) }
        journal.expire(at: Self.time(120))
        let kept = Self.keys(journal.plan(databases: []))
        #expect(kept.isSuperset(of: (90...120).map { "k\($0)" }) && kept.count <= 36)
    }

    @Test func aFrozenJournalForgetsNothing() {
        var journal = Self.journal()
        for second in Int64(0)...120 { Self.note(&journal, "k\(second)", at: second, isFrozen: true) }
        #expect(Self.keys(journal.plan(databases: [])).count == 121)
    }

    @Test func whatDoesNotFitEmptiesItsDatabase() {
        var journal = Self.journal(limit: 256 * 1024)
        Self.note(&journal, "first", database: 2, at: 0)
        for index in 0..<40_000 { Self.note(&journal, "key:\(index)", database: index < 20_000 ? 1 : 0, at: 1) }
        #expect(journal.bytes <= 256 * 1024)
        let plan = journal.plan(databases: [])
        #expect(plan.flushed.isSuperset(of: [1, 2]) && Self.keys(plan, 1).isEmpty)
        journal.expire(at: Self.time(40))
        #expect(journal.isEmpty && journal.bytes == 0)
    }

    @Test(arguments: [0, 10, 100])
    func aJournalWithoutRoomStillKnowsTheDatabase(limit: Int) {
        var journal = Self.journal(limit: limit)
        Self.note(&journal, String(repeating: "k", count: 200), database: 4, at: 0)
        #expect(journal.bytes <= limit && journal.plan(databases: []).flushed == [4])
    }

    @Test func aKeyLongerThanASegmentCountsAsUnnamed() {
        var journal = Self.journal()
        Self.note(&journal, String(repeating: "k", count: 70_000), database: 1, at: 0)
        #expect(journal.plan(databases: []).flushed == [1] && journal.bytes == 0)
    }

    @Test func aWriteAnywhereEmptiesTheDatabasesInUse() {
        var journal = Self.journal()
        Self.note(&journal, "a", at: 0)
        journal.note(.everywhere, at: Self.time(0))
        #expect(journal.plan(databases: [0, 5]) == PurgePlan(flushed: [0, 5]))
    }

    @Test func whatWasDeletedCountsAsWrittenThen() {
        var journal = Self.journal()
        Self.note(&journal, "a", at: 0)
        journal.note(.database(1), at: Self.time(0))
        journal.renew(at: Self.time(25))
        journal.expire(at: Self.time(50))
        #expect(Self.keys(journal.plan(databases: [])) == ["a"] && !journal.isEmpty)
        journal.expire(at: Self.time(60))
        #expect(journal.isEmpty)
    }
}
