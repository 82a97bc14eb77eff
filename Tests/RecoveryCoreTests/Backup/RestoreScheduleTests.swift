import LoopbackServers
import RecoveryCore
import Testing

@Suite struct RestoreScheduleTests {
    private typealias Table = RestoreSchedule.Table

    @Test(
        arguments: [
            // The largest first; what has indexes to build before what has none.
            ([Table(objects: [(0, 10)]), Table(objects: [(1, 30)]), Table(objects: [(2, 20)])], 2, [1, 2, 0]),
            ([Table(objects: [(0, 12)]), Table(objects: [(1, 10)], indexes: [false])], 2, [1, 0]),
            // Whole tables: one after the other, or each for a connection of its own.
            ([Table(objects: [(0, 8), (1, 8)]), Table(objects: [(2, 15)])], 1, [0, 1, 2]),
            ([Table(objects: [(0, 8), (1, 8)]), Table(objects: [(2, 15)])], 2, [0, 2, 1]),
            // One that would go on when all else is done is shared, by as many as it takes.
            ([Table(objects: [(0, 9), (1, 9), (2, 9)]), Table(objects: [(3, 5)])], 2, [0, 1, 2, 3]),
            ([Table(objects: [(0, 9), (1, 9), (2, 9), (3, 9)]), Table(objects: [(4, 1)])], 3, [0, 1, 2, 3, 4]),
            ([Table(objects: [(0, 9), (1, 9)], indexes: [false]), Table(objects: [(2, 9)])], 2, [0, 1, 2]),
            ([Table(objects: [(0, 9), (1, 9)])], 2, [0, 1]),
            // Equal ones stay in order.
            ([Table(objects: [(4, 1)]), Table(objects: [(2, 1)])], 3, [4, 2]),
            ([Table(objects: []), Table(objects: [(0, 0)])], 0, [0]),
            ([], 2, []),
        ] as [([RestoreSchedule.Table], Int, [Int])])
    func whatTakesLongestComesFirst(tables: [RestoreSchedule.Table], connections: Int, order: [Int]) {
        var schedule = RestoreSchedule(tables, connections: connections)
        let connections = max(1, connections)
        var loaded: [Int] = []
        // Whoever began first is ready first.
        for turn in 0... {
            let step = schedule.next(for: turn % connections)
            guard case .load(let object) = step else { break }
            loaded.append(object)
            if turn >= connections - 1 { schedule.finish(.load(loaded[turn - connections + 1])) }
        }
        #expect(loaded == order)
    }

    @Test func connectionsStayInTheirTables() {
        var schedule = RestoreSchedule(
            [Table(objects: [(0, 50), (1, 50)]), Table(objects: [(2, 40), (3, 40)]), Table(objects: [(4, 5)])],
            connections: 2)
        #expect(schedule.upcoming == [0, 2])
        #expect(schedule.next(for: 1) == .load(0))
        #expect(schedule.upcoming == [2, 1])
        #expect(schedule.next(for: 0) == .load(2))
        #expect(schedule.upcoming == [3, 1])
        schedule.finish(.load(2))
        #expect(schedule.next(for: 0) == .load(3))
        schedule.finish(.load(3))
        // What is left of the first takes longer than all others.
        #expect(schedule.next(for: 0) == .load(1))
        #expect(schedule.upcoming == [4])
        schedule.finish(.load(0))
        #expect(schedule.next(for: 1) == .load(4))
        #expect(schedule.upcoming == [])
    }

    @Test func indexesAreBuiltWhileOthersLoad() {
        var schedule = RestoreSchedule(
            [Table(objects: [(0, 90), (1, 90)], indexes: [false, true]), Table(objects: [(2, 10)], indexes: [true])],
            connections: 2)
        #expect(schedule.next(for: 0) == .load(0))
        #expect(schedule.next(for: 1) == .load(1))
        schedule.finish(.load(1))
        #expect(schedule.next(for: 1) == .load(2))
        schedule.finish(.load(0))
        #expect(schedule.next(for: 1) == .index(table: 0, statement: 0))
        schedule.finish(.load(2))
        #expect(schedule.next(for: 1) == .index(table: 1, statement: 0))
        // One statement of a table at a time, and one FULLTEXT index of all.
        #expect(schedule.next(for: 1) == .wait)
        schedule.finish(.index(table: 0, statement: 0))
        #expect(schedule.next(for: 1) == .wait)
        #expect(!schedule.isComplete(0) && !schedule.isComplete(1))
        schedule.finish(.index(table: 1, statement: 0))
        #expect(schedule.next(for: 1) == .index(table: 0, statement: 1))
        #expect(schedule.next(for: 1) == .wait)
        schedule.finish(.index(table: 0, statement: 1))
        #expect(schedule.isComplete(0) && schedule.isComplete(1))
        #expect(schedule.next(for: 1) == .done)
    }

    /// Whatever finishes in whatever order: everything is done once, indexes after rows, and nobody waits in vain.
    @Test(arguments: 0..<200 as Range<UInt64>)
    func everythingIsDoneOnce(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var number = 0
        let tables = (0..<Int.random(in: 0...8, using: &random)).map { _ in
            let objects = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                defer { number += 1 }
                return (number: number, bytes: UInt64.random(in: 0...100, using: &random))
            }
            let indexes = (0..<Int.random(in: 0...3, using: &random)).map { _ in Bool.random(using: &random) }
            return Table(objects: objects, indexes: indexes)
        }
        let connections = Int.random(in: 1...4, using: &random)
        var schedule = RestoreSchedule(tables, connections: connections)
        var running: [RestoreSchedule.Step] = []
        var done: [RestoreSchedule.Step] = []
        while true {
            let begun = Set((running + done).compactMap { if case .load(let object) = $0 { object } else { nil } })
            let upcoming = schedule.upcoming
            #expect(upcoming.count == min(connections, number - begun.count))
            #expect(Set(upcoming).count == upcoming.count && begun.isDisjoint(with: upcoming))
            let connection = Int.random(in: 0..<connections, using: &random)
            let step = running.count < connections ? schedule.next(for: connection) : .wait
            switch step {
            case .load, .index:
                if case .index(let table, let statement) = step {
                    #expect(tables[table].objects.allSatisfy { done.contains(.load($0.number)) })
                    #expect(statement == 0 || done.contains(.index(table: table, statement: statement - 1)))
                }
                running.append(step)
                continue
            case .wait, .done: break
            }
            guard let index = running.indices.randomElement(using: &random) else { break }
            let finished = running.remove(at: index)
            schedule.finish(finished)
            done.append(finished)
        }
        #expect(schedule.next(for: 1) == .done)
        #expect(Set(done).count == done.count)
        #expect(done.count == number + tables.reduce(0) { $0 + $1.indexes.count })
        #expect(tables.indices.allSatisfy(schedule.isComplete))
    }
}
