package import Foundation

extension BackupManifest {
    /// A larger one is refused.
    package static let mostBytes = ManifestFile.mostBytes

    /// The bytes of `manifest.json`.
    package func json() throws -> Data {
        try ManifestFile.write(self, format: Self.format, version: Self.version)
    }

    /// Reads `manifest.json` and checks that it does not contradict itself.
    /// - Throws: `ManifestFault`.
    package static func read(_ data: Data) throws(ManifestFault) -> BackupManifest {
        let manifest = try ManifestFile.read(data, as: Self.self, format: format, version: version)
        let faults = manifest.faults
        guard faults.isEmpty else { throw .inconsistent(faults) }
        return manifest
    }

    /// What its parts say against each other. A writer asks before it writes, a reader before it believes: the objects
    /// of a table must be proved to hold all of its rows, from their ranges and from their counts.
    package var faults: [String] {
        var faults: [String] = []
        if compression.kind != "zstd" { faults.append("the compression \(compression.kind) is not known") }
        if recipients.isEmpty { faults.append("nobody can open the objects: there is no recipient") }
        if finishedAt < startedAt { faults.append("it ended before it began") }
        faults += twice(tables.map(\.name)).map { "the table \($0) is listed twice" }
        faults += twice(objects.map(\.name)).map { "the object \($0) is listed twice" }
        for object in objects {
            if !BackupLayout.isObjectName(object.name) { faults.append("\(object.name) is no name of an object") }
            if !object.sha256.isHex(digits: 64) { faults.append("\(object.name) has no SHA-256") }
            if (object.kind == .rows) != (object.table != nil) {
                faults.append("\(object.name) does not say whose rows it holds, or holds none")
            }
        }
        let byTable = Dictionary(grouping: objects.filter { $0.kind == .rows }, by: { ($0.table ?? "").exact })
        let names = Set(tables.map(\.name.exact))
        for name in byTable.keys.sorted() where !names.contains(name) {
            faults.append("rows of \(name), which is no table of the backup")
        }
        for table in tables {
            faults += table.faults(with: byTable[table.name.exact] ?? []).map { "\(table.name): \($0)" }
        }
        return faults
    }

    private func twice(_ names: [String]) -> [ExactName] {
        Dictionary(grouping: names, by: \.exact).filter { $0.value.count > 1 }.keys.sorted()
    }
}

extension BackupManifest.Table {
    /// `objects` are those with rows of this table, in their order.
    fileprivate func faults(with objects: [BackupManifest.Object]) -> [String] {
        var faults: [String] = []
        if (digest == nil) != (cut == .schemaOnly) {
            faults.append(digest == nil ? "it has no digest" : "it has a digest, but no rows were kept")
        }
        var sum: UInt64 = 0
        for object in objects {
            let (total, overflow) = sum.addingReportingOverflow(object.rows)
            sum = overflow ? .max : total
        }
        if sum != rows { faults.append("its objects hold \(sum) rows, not \(rows)") }
        switch cut {
        case .schemaOnly:
            if !objects.isEmpty { faults.append("there are rows that a rule left out") }
        case .whole:
            if objects.count != 1 { faults.append("its rows are in \(objects.count) objects, not in one") }
            if objects.contains(where: { $0.keys != nil || $0.partition != nil }) {
                faults.append("a part of it stands for the whole")
            }
        case .ranges:
            let ranges = objects.compactMap(\.keys)
            if ranges.count != objects.count || !KeyRange.coverEverything(ranges) {
                faults.append("its objects leave out keys, or have some twice")
            }
        case .partitions(let names):
            let found = objects.compactMap(\.partition?.exact)
            let all = names.map(\.exact)
            if found.count != objects.count || found.sorted() != all.sorted() || Set(found).count != found.count {
                faults.append("its objects leave out partitions, or have some twice")
            }
        }
        return faults
    }
}
