/// What each connection of a restore does next: rows of the tables that take longest first, and the indexes of a table
/// as soon as its rows are there, while others still load.
///
/// It decides and does nothing: whoever drives it tells it what is finished. Indexes are built one statement of a table
/// at a time; FULLTEXT ones, which take much of the server's memory, one at a time of all tables.
package struct RestoreSchedule: Sendable, Equatable {
    package struct Table: Sendable, Equatable {
        /// Bytes of SQL text of its objects, in the order of their keys, with their numbers in the manifest.
        package var objects: [(number: Int, bytes: UInt64)]
        /// Its statements that build indexes: whether each is a FULLTEXT index.
        package var indexes: [Bool]

        package init(objects: [(number: Int, bytes: UInt64)], indexes: [Bool] = []) {
            self.objects = objects
            self.indexes = indexes
        }

        package static func == (lhs: Self, rhs: Self) -> Bool {
            lhs.indexes == rhs.indexes && lhs.objects.elementsEqual(rhs.objects, by: ==)
        }

        /// How long it keeps a restore busy at least, in bytes to be loaded: what must be done one after the other.
        /// Building the indexes takes about half of the time of its rows.
        func span(connections: Int) -> UInt64 {
            let bytes = objects.reduce(0) { $0 &+ $1.bytes }
            let loading = max(objects.map(\.bytes).max() ?? 0, bytes / UInt64(max(1, connections)))
            return loading &+ (indexes.isEmpty ? 0 : bytes / 2)
        }
    }

    package enum Step: Sendable, Hashable {
        /// The object with this number; objects are handed out in the order of ``order``.
        case load(Int)
        /// The statement with this number of the table with this number.
        case index(table: Int, statement: Int)
        /// Until another connection has finished something.
        case wait
        /// There is nothing left to begin or to wait for.
        case done
    }

    private struct Work: Sendable, Equatable {
        var indexes: [Bool]
        /// Objects whose rows are not there yet.
        var loading: Int
        var nextIndex = 0
        var isIndexing = false
    }

    /// The numbers of all objects as they will be loaded, so that they can be read ahead.
    package let order: [Int]
    private let tableOf: [Int: Int]
    /// Numbers of tables, those that take longest first.
    private let tables: [Int]
    private var work: [Work]
    private var loaded = 0
    private var running = 0
    private var isFullTextRunning = false

    /// - Parameters:
    ///   - tables: What is to be done; what an earlier attempt has done is left out.
    ///   - connections: How many will ask.
    package init(_ tables: [Table], connections: Int) {
        let spans = tables.map { $0.span(connections: connections) }
        let sorted = tables.indices.sorted { (spans[$1], $0) < (spans[$0], $1) }
        self.tables = sorted
        order = sorted.flatMap { tables[$0].objects.map(\.number) }
        tableOf = Dictionary(
            tables.indices.flatMap { table in tables[table].objects.map { ($0.number, table) } },
            uniquingKeysWith: { first, _ in first })
        work = tables.map { Work(indexes: $0.indexes, loading: $0.objects.count) }
    }

    /// What a connection that is free does now.
    package mutating func next() -> Step {
        for table in tables {
            let state = work[table]
            guard state.loading == 0, !state.isIndexing, state.nextIndex < state.indexes.count else { continue }
            let isFullText = state.indexes[state.nextIndex]
            if isFullText, isFullTextRunning { continue }
            work[table].isIndexing = true
            if isFullText { isFullTextRunning = true }
            running += 1
            return .index(table: table, statement: state.nextIndex)
        }
        if loaded < order.count {
            loaded += 1
            running += 1
            return .load(order[loaded - 1])
        }
        return running > 0 ? .wait : .done
    }

    /// A step that ``next()`` gave is done.
    package mutating func finish(_ step: Step) {
        switch step {
        case .load(let object):
            guard let table = tableOf[object] else { return }
            work[table].loading -= 1
        case .index(let table, let statement):
            if work[table].indexes[statement] { isFullTextRunning = false }
            work[table].isIndexing = false
            work[table].nextIndex = statement + 1
        case .wait, .done: return
        }
        running -= 1
    }

    /// Whether all indexes of a table are built.
    package func isComplete(_ table: Int) -> Bool {
        work[table].loading == 0 && work[table].nextIndex == work[table].indexes.count
    }
}
