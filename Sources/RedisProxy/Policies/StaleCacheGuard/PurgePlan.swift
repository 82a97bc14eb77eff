import NIOCore
import RESP

/// What must be deleted on a master before commands may go there, and the commands that do it.
struct PurgePlan: Equatable {
    /// Databases to empty: what was written there cannot be named.
    var flushed: Set<Int> = []
    /// Keys to delete in others.
    var keys: [Int: Set<[UInt8]>] = [:]

    /// Keys in one UNLINK: the server serves others in between.
    static let batch = 500

    var isEmpty: Bool { flushed.isEmpty && keys.isEmpty }
    var keyCount: Int { keys.values.reduce(0) { $0 + $1.count } }

    mutating func add(_ other: PurgePlan) {
        flushed.formUnion(other.flushed)
        for (database, names) in other.keys { keys[database, default: []].formUnion(names) }
        for database in flushed { keys[database] = nil }
    }

    /// All commands one behind the other, and how many answers they get. A database is named only if a server had it;
    /// should the next one have fewer, a refused SELECT lets the commands behind it delete in another, as a cache may.
    /// Where there are keys to spare, databases are swept instead of emptied: that is not among these commands.
    func commands(flushing: Bool = true) -> (bytes: ByteBuffer, answers: Int) {
        var bytes = ByteBuffer()
        var answers = 0
        for database in flushing ? flushed.sorted() : [] {
            bytes.writeCommand("SELECT", String(database))
            bytes.writeCommand("FLUSHDB", "ASYNC")
            answers += 2
        }
        for (database, names) in keys.sorted(by: { $0.key < $1.key }) {
            bytes.writeCommand("SELECT", String(database))
            answers += 1
            answers += Self.write(deletionOf: Array(names), to: &bytes)
        }
        return (bytes, answers)
    }

    /// Writes what deletes these keys; returns how many answers that gets.
    static func write(deletionOf keys: [[UInt8]], to bytes: inout ByteBuffer) -> Int {
        var answers = 0
        var rest = keys[...]
        while !rest.isEmpty {
            bytes.writeCommand([Array("UNLINK".utf8)] + rest.prefix(batch))
            answers += 1
            rest = rest.dropFirst(batch)
        }
        return answers
    }
}
