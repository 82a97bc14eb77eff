/// What each connection of a restore does next: rows of the tables that take longest first, and the indexes of a table
/// as soon as its rows are there, while others still load.
///
/// Each connection loads into a table of its own as long as there is one: two in one table get in each other's way (with
/// MySQL 9.7 they take an eighth longer). Only a table that would keep the restore busy when all else is done is shared.
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
    }

    package enum Step: Sendable, Hashable {
        /// The object with this number.
        case load(Int)
        /// The statement with this number of the table with this number.
        case index(table: Int, statement: Int)
        /// Until another connection has finished something.
        case wait
        /// There is nothing left to begin or to wait for.
        case done
    }

    private struct Work: Sendable, Equatable {
        let table: Table
        /// Objects that were handed out, and those of them that are not there yet.
        var begun = 0
        var loading = 0
        /// Of the objects that wait.
        var bytes: UInt64
        /// Building the indexes takes about half of the time of the rows: so many bytes more.
        let indexBytes: UInt64
        var nextIndex = 0
        var isIndexing = false

        init(_ table: Table) {
            self.table = table
            bytes = table.objects.reduce(0) { $0 &+ $1.bytes }
            indexBytes = table.indexes.isEmpty ? 0 : bytes / 2
        }

        var waiting: Int { table.objects.count - begun }
        var isLoaded: Bool { waiting == 0 && loading == 0 }

        /// How long it takes until it is complete, in bytes to be loaded, when the next `claims` objects are begun.
        func span(connections: Int, besides claims: Int = 0) -> UInt64 {
            (bytes &- bytes(of: claims)) / UInt64(max(1, connections)) &+ indexBytes
        }

        /// Of the next objects.
        func bytes(of count: Int) -> UInt64 { table.objects[begun..<(begun + count)].reduce(0) { $0 &+ $1.bytes } }
    }

    private let connections: Int
    private var work: [Work]
    private let tableOf: [Int: Int]
    /// Numbers of tables, those that take longest first.
    private let tables: [Int]
    /// Those of them with objects of which none was handed out, and those with objects that wait behind others.
    private var untouched: ArraySlice<Int>
    private var begun: [Int] = []
    /// The table that each connection loads into, or has last.
    private var places: [Int: Int] = [:]
    /// What was not begun yet, in bytes to be loaded.
    private var remaining: UInt64
    private var running = 0
    private var isFullTextRunning = false

    /// - Parameters:
    ///   - tables: What is to be done; what an earlier attempt has done is left out.
    ///   - connections: How many will ask.
    package init(_ tables: [Table], connections: Int) {
        self.connections = max(1, connections)
        let work = tables.map { Work($0) }
        let spans = work.map { $0.span(connections: 1) }
        let sorted = tables.indices.sorted { (spans[$1], $0) < (spans[$0], $1) }
        self.work = work
        self.tables = sorted
        untouched = sorted.filter { work[$0].waiting > 0 }[...]
        remaining = spans.reduce(0, &+)
        tableOf = Dictionary(
            tables.indices.flatMap { table in tables[table].objects.map { ($0.number, table) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// What a connection that is free does now; connections are numbered.
    package mutating func next(for connection: Int) -> Step {
        if let step = nextIndex() { return step }
        if let table = table(for: connection) { return .load(take(from: table, for: connection)) }
        return running > 0 ? .wait : .done
    }

    /// The objects that the connections will load next, one for each if there are as many, as far as that can be known
    /// now: those to be read ahead.
    package var upcoming: [Int] {
        var claims: [Int] = []
        var objects: [Int] = []
        for connection in 0..<connections {
            guard let table = table(for: connection, besides: claims) else { break }
            objects.append(work[table].table.objects[work[table].begun + claims.count { $0 == table }].number)
            claims.append(table)
        }
        return objects
    }

    /// A step that ``next(for:)`` gave is done.
    package mutating func finish(_ step: Step) {
        switch step {
        case .load(let object):
            guard let table = tableOf[object] else { return }
            work[table].loading -= 1
        case .index(let table, let statement):
            if work[table].table.indexes[statement] { isFullTextRunning = false }
            work[table].isIndexing = false
            work[table].nextIndex = statement + 1
        case .wait, .done: return
        }
        running -= 1
    }

    /// Whether all indexes of a table are built.
    package func isComplete(_ table: Int) -> Bool {
        work[table].isLoaded && work[table].nextIndex == work[table].table.indexes.count
    }

    private mutating func nextIndex() -> Step? {
        for table in tables {
            let state = work[table]
            guard state.isLoaded, !state.isIndexing, state.nextIndex < state.table.indexes.count else { continue }
            let isFullText = state.table.indexes[state.nextIndex]
            if isFullText, isFullTextRunning { continue }
            work[table].isIndexing = true
            if isFullText { isFullTextRunning = true }
            if state.nextIndex == 0 { remaining &-= state.indexBytes }
            running += 1
            return .index(table: table, statement: state.nextIndex)
        }
        return nil
    }

    /// The table whose next object a connection loads, when other connections have begun one of each of `claims` more.
    private func table(for connection: Int, besides claims: [Int] = []) -> Int? {
        func claimed(_ table: Int) -> Int { claims.count { $0 == table } }
        func hasMore(_ table: Int) -> Bool { work[table].waiting > claimed(table) }
        func loaders(_ table: Int) -> Int { work[table].loading + claimed(table) }
        func span(_ table: Int) -> UInt64 {
            work[table].span(connections: loaders(table), besides: claimed(table))
        }
        if let own = places[connection], hasMore(own) { return own }
        let begun = begun + claims.filter { work[$0].begun == 0 }
        let free =
            begun.first { hasMore($0) && loaders($0) == 0 } ?? untouched.first { hasMore($0) && loaders($0) == 0 }
        guard let shared = begun.filter({ hasMore($0) && loaders($0) > 0 }).max(by: { span($0) < span($1) }) else {
            return free
        }
        guard let free else { return shared }
        let rest = remaining &- Set(claims).reduce(0) { $0 &+ work[$1].bytes(of: claimed($1)) }
        return span(shared) > max(rest / UInt64(connections), span(free)) ? shared : free
    }

    private mutating func take(from table: Int, for connection: Int) -> Int {
        let object = work[table].table.objects[work[table].begun]
        if work[table].begun == 0 {
            if untouched.first == table { untouched.removeFirst() } else { untouched.removeAll { $0 == table } }
            begun.append(table)
        }
        work[table].begun += 1
        work[table].loading += 1
        work[table].bytes &-= object.bytes
        remaining &-= object.bytes
        if work[table].waiting == 0 { begun.removeAll { $0 == table } }
        places[connection] = table
        running += 1
        return object.number
    }
}
