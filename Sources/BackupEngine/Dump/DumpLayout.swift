internal import RecoveryCore

/// Which rows go into which objects.
struct DumpLayout {
    struct Part {
        var table: TableSchema
        var cut: BackupManifest.Cut
        /// Only without rows.
        var why: String?
    }

    private(set) var parts: [Part] = []
    /// In the order of the tables and of their keys, with their numbers.
    private(set) var chunks: [Chunk] = []

    /// The columns of the tables whose rows are kept, in lower case.
    var carriedColumns: [String: Set<String>] {
        let kept = parts.filter { $0.why == nil }.map(\.table)
        return Dictionary(kept.map { ($0.name, Set($0.columns.map { $0.name.lowercased() })) }) { first, _ in first }
    }

    mutating func add(_ table: TableSchema, _ chunks: [Chunk], _ cut: BackupManifest.Cut) {
        parts.append(Part(table: table, cut: cut))
        for var chunk in chunks {
            chunk.number = self.chunks.count + 1
            self.chunks.append(chunk)
        }
    }

    mutating func leaveOut(_ table: TableSchema, why: String) {
        parts.append(Part(table: table, cut: .schemaOnly, why: why))
    }
}
