internal import MySQLClient
internal import NIOCore
internal import RecoveryCore

/// Loads rows and builds indexes on several connections at once, as a ``RestoreSchedule`` says, and meanwhile reads the
/// objects that come next: opening, decrypting and unpacking one takes no time that a server waits.
struct RestoreLoading: Sendable {
    let selection: RestoreSelection
    /// What is left to be built, by table.
    let indexes: [[SchemaStatement]]
    let indexesObject: BackupManifest.Object?
    /// Names of objects that are there.
    let done: Set<String>
    let isResumed: Bool
    let reader: ObjectReader
    let loader: SchemaLoader
    let board: RestoreBoard

    private enum Event: Sendable {
        case read
        /// The step, and the number of the connection.
        case did(RestoreSchedule.Step, Int)
    }

    /// An object that is to be loaded.
    private struct Chunk: Sendable {
        var object: BackupManifest.Object
        var table: BackupManifest.Table
        /// Nobody else loads into its table.
        var isAlone: Bool
        /// Few statements are read ahead of each: one may have the size of the largest row.
        let feed = PieceChannel(capacity: 2)
    }

    /// - Throws: `RestoreError`, `MySQLError`, `CancellationError`; of several errors the first.
    func run(on connections: [MySQLConnection]) async throws {
        var chunks: [Int: Chunk] = [:]
        let tables = selection.tables.enumerated().map { number, table in
            var objects: [(number: Int, bytes: UInt64)] = []
            for (index, object) in table.objects {
                if done.contains(object.name) {
                    board.update { $0.rawBytes += object.rawBytes }
                    board.finish(object)
                } else {
                    chunks[index] = Chunk(object: object, table: table.table, isAlone: table.objects.count == 1)
                    objects.append((index, object.rawBytes))
                }
            }
            return RestoreSchedule.Table(objects: objects, indexes: indexes[number].map(\.isFullText))
        }
        var schedule = RestoreSchedule(tables, connections: connections.count)
        let waiting = chunks
        try await withThrowingTaskGroup(of: Event.self) { group in
            var idle = Array(connections.indices)
            var opened: Set<Int> = []
            var started = 0
            func open(_ number: Int) {
                guard let chunk = waiting[number], opened.insert(number).inserted else { return }
                group.addTask {
                    try await read(chunk)
                    return .read
                }
            }
            while true {
                while let number = idle.last {
                    let step = schedule.next(for: number)
                    if step == .wait || step == .done { break }
                    if case .load(let object) = step {
                        open(object)
                        started += 1
                    }
                    idle.removeLast()
                    group.addTask {
                        try await perform(step, waiting, over: connections[number])
                        return .did(step, number)
                    }
                }
                // The next for each connection, and those that are being loaded.
                for object in schedule.upcoming where opened.count < started + connections.count { open(object) }
                guard let event = try await group.next() else { break }
                guard case .did(let step, let number) = event else { continue }
                schedule.finish(step)
                let complete = tables.indices.count { schedule.isComplete($0) }
                board.update { $0.indexedTables = complete }
                idle.append(number)
            }
        }
        board.update { $0.indexedTables = tables.count }
    }

    private func read(_ chunk: Chunk) async throws {
        do {
            try await reader.read(chunk.object) { statement in
                try await chunk.feed.send(ByteBuffer(bytes: statement))
            }
            chunk.feed.finish()
        } catch is PieceChannel.Closed {
            // It is there already.
        } catch {
            chunk.feed.finish(throwing: error)
            throw error
        }
    }

    private func load(_ chunk: Chunk, over connection: MySQLConnection) async throws {
        let rows = RowLoader(
            object: chunk.object, table: chunk.table, isAlone: chunk.isAlone, isResumed: isResumed, board: board)
        try await rows.load(chunk.feed, over: connection, reader.damage(chunk.object))
    }

    private func perform(
        _ step: RestoreSchedule.Step, _ chunks: [Int: Chunk], over connection: MySQLConnection
    ) async throws {
        switch step {
        case .load(let number):
            guard let chunk = chunks[number] else { return }
            do {
                try await load(chunk, over: connection)
            } catch RestoreError.statement(_, _, let error) where error.kind == .deadlock {
                // The server has taken the transaction back.
                chunk.feed.close()
                let again = Chunk(object: chunk.object, table: chunk.table, isAlone: chunk.isAlone)
                async let reading: Void = read(again)
                try await load(again, over: connection)
                try await reading
            }
            board.finish(chunk.object)
        case .index(let table, let number):
            try await loader.prepare(connection)
            let statement = indexes[table][number]
            do {
                try await loader.run(statement, of: indexesObject, over: connection)
            } catch RestoreError.statement(_, _, let error) where isResumed && error.code == 1061 {
                // What a killed restore had asked for has been done meanwhile.
                guard try await ExistingKeys.indexes(over: connection).have(statement) else { throw error }
            }
        case .wait, .done: return
        }
    }
}

/// Indexes or foreign keys that are at the target: `ALTER TABLE` makes all of a statement or none.
struct ExistingKeys: Sendable {
    private var names: Set<[[UInt8]]> = []

    static let none = Self()

    static func indexes(over connection: MySQLConnection) async throws -> Self {
        try await read(
            "SELECT DISTINCT TABLE_NAME, INDEX_NAME FROM information_schema.STATISTICS"
                + " WHERE TABLE_SCHEMA = DATABASE()", over: connection)
    }

    static func foreignKeys(over connection: MySQLConnection) async throws -> Self {
        try await read(
            "SELECT TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS"
                + " WHERE CONSTRAINT_SCHEMA = DATABASE() AND CONSTRAINT_TYPE = 'FOREIGN KEY'", over: connection)
    }

    private static func read(_ query: String, over connection: MySQLConnection) async throws -> Self {
        let result = try await connection.query(query, limit: 1 << 30)
        return Self(names: Set(result.rows.map { row in row.map { $0 ?? [] } }))
    }

    func has(_ name: String, of table: String) -> Bool { names.contains([Array(table.utf8), Array(name.utf8)]) }

    func have(_ statement: SchemaStatement) -> Bool {
        guard case .indexes(let table, let names, _) = statement.subject else { return false }
        return names.allSatisfy { has($0, of: table) }
    }
}
