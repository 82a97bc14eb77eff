package import Foundation
package import RecoveryCore

/// One backup of files in one repository, as `restic snapshots --json` has it.
package struct FileSnapshot: Sendable, Equatable, Decodable {
    /// restic's own name of it: 64 hexadecimal digits.
    package var id: String
    /// When it was begun.
    package var time: Date
    package var paths: [String]
    package var host: String
    package var tags: [String]

    /// On every snapshot of ours; others in the repository are not touched.
    static let mark = "breakwater"

    private enum CodingKeys: String, CodingKey {
        case id, time, paths, tags
        case host = "hostname"
    }

    package init(id: String, time: Date, paths: [String], host: String, tags: [String]) {
        self.id = id
        self.time = time
        self.paths = paths
        self.host = host
        self.tags = tags
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        id = try container.decode(String.self, forKey: .id)
        let text = try container.decode(String.self, forKey: .time)
        guard let time = Self.time(text), id.utf8.count >= 8 else {
            throw DecodingError.dataCorruptedError(forKey: .time, in: container, debugDescription: "no snapshot's")
        }
        self.time = time
        paths = try container.decodeIfPresent([String].self, forKey: .paths) ?? []
        host = try container.decodeIfPresent(String.self, forKey: .host) ?? ""
        tags = try container.decodeIfPresent([String].self, forKey: .tags) ?? []
    }

    /// RFC 3339 with as many digits of a second as Go writes.
    private static func time(_ text: String) -> Date? {
        guard let point = text.firstIndex(of: ".") else { return try? Date(text, strategy: .iso8601) }
        let digits = text[text.index(after: point)...].prefix { $0.isWholeNumber }
        guard let whole = try? Date(text[..<point] + text[digits.endIndex...], strategy: .iso8601) else { return nil }
        return whole.addingTimeInterval(Double("0.\(digits)") ?? 0)
    }

    var isOurs: Bool { tags.contains(Self.mark) }

    /// Which backup it is, the same in all stores; nil for one that restic made without us.
    package var backup: BackupID? { tags.lazy.compactMap { $0.value(of: "id") }.first.flatMap(BackupID.init) }

    /// Whose files they are.
    package var store: String? { tags.lazy.compactMap { $0.value(of: "store") }.first }

    /// What it is called: as a backup of a database is, or else the beginning of restic's own name.
    package var name: String { backup.map { "\($0)" } ?? String(id.prefix(8)) }
}

extension String {
    /// `store:shop` → `shop`.
    fileprivate func value(of key: String) -> String? {
        hasPrefix("\(key):") ? String(dropFirst(key.utf8.count + 1)) : nil
    }
}

extension [FileSnapshot] {
    /// The newest, one by the beginning of its name or of restic's name, or the one nearest before a moment.
    /// - Throws: `ResticError.noSuchSnapshot`, `ambiguous`.
    package func snapshot(_ name: String) throws(ResticError) -> FileSnapshot {
        if name == "latest" {
            guard let newest = self.max(by: { $0.time < $1.time }) else { throw .noSuchSnapshot(name) }
            return newest
        }
        let matches = filter { $0.name.hasPrefix(name) || $0.id.hasPrefix(name) }
        guard let match = matches.first else { throw .noSuchSnapshot(name) }
        guard matches.count == 1 else { throw .ambiguous(name) }
        return match
    }

    /// What the files were at a moment, as nearly as it is known: files that the database of that moment names were
    /// there before it. Nil when the first snapshot is later.
    package func nearest(before moment: Date) -> FileSnapshot? {
        filter { $0.time <= moment }.max { $0.time < $1.time }
    }
}
