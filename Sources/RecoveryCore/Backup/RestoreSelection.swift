/// What of a backup a restore brings back. Names are compared byte by byte, as servers keep them: to Swift, texts that
/// Unicode calls equivalent are equal.
package struct RestoreSelection: Sendable {
    package struct Table: Sendable {
        package var table: BackupManifest.Table
        /// Its objects, in the order of their keys, with their numbers in the manifest.
        package var objects: [(number: Int, object: BackupManifest.Object)]
    }

    /// Whether everything comes: only then do routines, views, triggers and events.
    package let isWhole: Bool
    /// In the order of the manifest.
    package let tables: [Table]
    private let numbers: [[UInt8]: Int]
    private let backup: String

    /// - Parameters:
    ///   - manifest: Of the backup.
    ///   - names: Those of tables that are wanted; nil for everything. What the backup does not have is passed over: ask
    ///     ``unknown(_:in:)`` before.
    package init(_ manifest: BackupManifest, names: [String]?) {
        let wanted = names.map { Set($0.map { Array($0.utf8) }) }
        var objects: [[UInt8]: [(number: Int, object: BackupManifest.Object)]] = [:]
        for (number, object) in manifest.objects.enumerated() {
            if let table = object.table { objects[Array(table.utf8), default: []].append((number, object)) }
        }
        isWhole = names == nil
        backup = "\(manifest.id) of \(manifest.source.database)"
        tables = manifest.tables.compactMap { table in
            let name = Array(table.name.utf8)
            guard wanted?.contains(name) ?? true else { return nil }
            return Table(table: table, objects: objects[name] ?? [])
        }
        numbers = Dictionary(
            tables.enumerated().map { (Array($1.table.name.utf8), $0) }, uniquingKeysWith: { first, _ in first })
    }

    package static func unknown(_ names: [String], in manifest: BackupManifest) -> [String] {
        let known = Set(manifest.tables.map { Array($0.name.utf8) })
        return names.filter { !known.contains(Array($0.utf8)) }
    }

    /// The number of a table that comes.
    package func number(of table: String) -> Int? { numbers[Array(table.utf8)] }

    package var rows: UInt64 { tables.reduce(0) { $0 &+ $1.table.rows } }

    /// Says which backup, in its first line, and what of it: two restores are the same if it is.
    package var title: String {
        let choice = isWhole ? ["everything"] : ["these tables:"] + tables.map(\.table.name)
        return ([backup] + choice).joined(separator: "\n")
    }
}
