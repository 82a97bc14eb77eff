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
            // What is in one piece takes longer than what can be shared.
            ([Table(objects: [(0, 8), (1, 8)]), Table(objects: [(2, 10)])], 2, [2, 0, 1]),
            ([Table(objects: [(0, 8), (1, 8)]), Table(objects: [(2, 10)])], 1, [0, 1, 2]),
            // Equal ones stay in order.
            ([Table(objects: [(4, 1)]), Table(objects: [(2, 1)])], 3, [4, 2]),
            ([Table(objects: []), Table(objects: [(0, 0)])], 0, [0]),
            ([], 2, []),
        ] as [([RestoreSchedule.Table], Int, [Int])])
    func whatTakesLongestComesFirst(tables: [RestoreSchedule.Table], connections: Int, order: [Int]) {
        #expect(RestoreSchedule(tables, connections: connections).order == order)
    }

    @Test func indexesAreBuiltWhileOthersLoad() {
        var schedule = RestoreSchedule(
            [Table(objects: [(0, 90), (1, 90)], indexes: [false, true]), Table(objects: [(2, 10)], indexes: [true])],
            connections: 2)
        #expect(schedule.next() == .load(0))
        #expect(schedule.next() == .load(1))
        schedule.finish(.load(1))
        #expect(schedule.next() == .load(2))
        schedule.finish(.load(0))
        #expect(schedule.next() == .index(table: 0, statement: 0))
        schedule.finish(.load(2))
        #expect(schedule.next() == .index(table: 1, statement: 0))
        // One statement of a table at a time, and one FULLTEXT index of all.
        #expect(schedule.next() == .wait)
        schedule.finish(.index(table: 0, statement: 0))
        #expect(schedule.next() == .wait)
        #expect(!schedule.isComplete(0) && !schedule.isComplete(1))
        schedule.finish(.index(table: 1, statement: 0))
        #expect(schedule.next() == .index(table: 0, statement: 1))
        #expect(schedule.next() == .wait)
        schedule.finish(.index(table: 0, statement: 1))
        #expect(schedule.isComplete(0) && schedule.isComplete(1))
        #expect(schedule.next() == .done)
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
            let step = running.count < connections ? schedule.next() : .wait
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
        #expect(schedule.next() == .done)
        #expect(Set(done).count == done.count)
        #expect(done.count == number + tables.reduce(0) { $0 + $1.indexes.count })
        #expect(tables.indices.allSatisfy(schedule.isComplete))
    }
}
