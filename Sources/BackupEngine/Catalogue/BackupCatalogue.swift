internal import Foundation
internal import NIOCore
package import ObjectStore
internal import RecoveryCore

/// The backups of a store, by what their manifests say; names alone decide nothing.
///
/// All of it throws `ObjectStoreError` and `CancellationError`.
package struct BackupCatalogue: Sendable {
    /// How many manifests are on their way at once.
    private static let width = 8
    private static let mostRecordBytes = 1 << 20

    package let store: any ObjectStore

    package init(_ store: any ObjectStore) {
        self.store = store
    }

    /// Everything that is in the store, or of one database.
    package func inventory(of database: String? = nil) async throws -> BackupInventory {
        // A shipped log beside them has many more objects.
        var folders = database.map { [BackupLayout.folder(of: $0)] } ?? []
        if database == nil {
            folders = try await store.list(foldersOnly: true).folders.filter { $0 != BinlogLayout.folder }
        }
        var objects: [ObjectInfo] = []
        for folder in folders { objects += try await store.list(prefix: folder).objects }
        let found = Dictionary(grouping: objects) { BackupFolder(of: $0.key.text) }
        var inventory = BackupInventory()
        var listed: [(BackupFolder, [ObjectInfo])] = []
        for case (let folder?, let objects) in found {
            if objects.contains(where: { $0.key.text == folder.path + BackupLayout.manifest }) {
                listed.append((folder, objects))
            } else {
                inventory.unfinished.append(UnfinishedBackup(folder: folder, objects: objects))
            }
        }
        inventory.backups = try await listed.mapConcurrently(width: Self.width) { folder, objects in
            try await load(folder, objects)
        }.compactMap(\.self)
        if let database {
            // A folder's name is a part of a long database's name.
            inventory.backups.removeAll { ($0.manifest?.source.database ?? database) != database }
        }
        inventory.backups.sort { BackupFolder.isNewer($0.folder, $1.folder) }
        inventory.unfinished.sort { BackupFolder.isNewer($0.folder, $1.folder) }
        return inventory
    }

    /// The one backup that is meant.
    ///
    /// - Parameters:
    ///   - name: `latest`, a backup's name, or a beginning of it.
    ///   - database: Nil if there are backups of one alone.
    /// - Returns: One with a manifest that can be read.
    /// - Throws: `CatalogueError` too. Of `latest` also when the newest one cannot be read: an older state is for
    ///   people to choose.
    package func backup(_ name: String, of database: String? = nil) async throws -> CataloguedBackup {
        let folders = try await folders(of: database)
        guard !folders.isEmpty else { throw CatalogueError.noBackups(database: database) }
        if name == "latest" {
            let names = Set(folders.map(\.database))
            guard names.count == 1 else {
                throw CatalogueError.severalDatabases(names.map { String($0.dropLast()) }.sorted())
            }
            for folder in folders {
                if let backup = try await load(folder) { return try readable(backup) }
            }
            throw CatalogueError.noBackups(database: database)
        }
        var matches: [CataloguedBackup] = []
        for folder in folders where "\(folder.id)".hasPrefix(name) {
            guard matches.count < 20 else { break }
            if let backup = try await load(folder) { matches.append(backup) }
        }
        guard let match = matches.first else {
            if let id = BackupID(name), folders.contains(where: { $0.id == id }) {
                throw CatalogueError.manifestMissing(id)
            }
            throw CatalogueError.noSuchBackup(name)
        }
        guard matches.count == 1 else { throw CatalogueError.ambiguous(name, matches.map(\.id)) }
        return try readable(match)
    }

    private func readable(_ backup: CataloguedBackup) throws -> CataloguedBackup {
        if let reason = backup.unreadable { throw CatalogueError.unreadable(backup.id, reason: reason) }
        return backup
    }

    /// The folders of backups, with a manifest or without, the newest first.
    private func folders(of database: String?) async throws -> [BackupFolder] {
        var databases = [database.map(BackupLayout.folder(of:)) ?? ""]
        if database == nil { databases = try await store.list(foldersOnly: true).folders }
        let lists = try await databases.mapConcurrently(width: Self.width) { folder in
            try await store.list(prefix: folder, foldersOnly: true).folders
        }
        return lists.joined().compactMap(BackupFolder.init(of:)).sorted(by: BackupFolder.isNewer)
    }

    private func load(_ folder: BackupFolder) async throws -> CataloguedBackup? {
        try await load(folder, try await store.list(prefix: folder.path, foldersOnly: true).objects)
    }

    /// Nil without a manifest.
    private func load(_ folder: BackupFolder, _ objects: [ObjectInfo]) async throws -> CataloguedBackup? {
        let names = objects.map { String($0.key.text.dropFirst(folder.path.count)) }
        guard names.contains(BackupLayout.manifest),
            let content = try await content(of: folder)
        else { return nil }
        var backup = CataloguedBackup(folder: folder, content: content)
        for name in names.sorted() {
            guard let id = BackupLayout.verificationID(of: name) else { continue }
            switch try await read(folder.path + name, most: Self.mostRecordBytes, VerificationRecord.read) {
            case .success(let record): backup.records.append(record)
            case .failure(let fault): backup.unreadableRecords.append(.init(id: id, reason: fault.reason))
            case nil: continue
            }
        }
        return backup
    }

    private func content(of folder: BackupFolder) async throws -> CataloguedBackup.Content? {
        let path = folder.path + BackupLayout.manifest
        return switch try await read(path, most: BackupManifest.mostBytes, BackupManifest.read) {
        case .success(let manifest) where manifest.id == folder.id: .manifest(manifest)
        case .success(let manifest): .unreadable("it is that of another backup, \(manifest.id)")
        case .failure(let fault): .unreadable(fault.reason)
        case nil: nil
        }
    }

    /// An object's bytes and what they mean. Nil when it is gone; a failure when this object alone is the matter.
    private func read<Value: Sendable>(
        _ path: String, most: Int, _ parse: (Data) throws(ManifestFault) -> Value
    ) async throws -> Result<Value, Unusable>? {
        do {
            let bytes = try await store.read(try ObjectKey(path)).collected(upTo: most)
            do throws(ManifestFault) {
                return .success(try parse(Data(bytes.readableBytesView)))
            } catch {
                return .failure(Unusable(reason: "\(error)"))
            }
        } catch let error as ObjectStoreError {
            switch error {
            case .notFound: return nil
            case .tooLarge, .truncated, .changed, .file: return .failure(Unusable(reason: "\(error)"))
            default: throw error
            }
        }
    }

    private struct Unusable: Error {
        var reason: String
    }
}

extension Array where Element: Sendable {
    /// As `map`, with so many at a time; the results are in the order of the elements.
    func mapConcurrently<Result: Sendable>(
        width: Int, _ body: @escaping @Sendable (Element) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: (Int, Result).self) { group in
            var results = [Result?](repeating: nil, count: count)
            for (index, element) in enumerated() {
                if index >= width, let (index, result) = try await group.next() { results[index] = result }
                group.addTask { (index, try await body(element)) }
            }
            for try await (index, result) in group { results[index] = result }
            return results.compactMap(\.self)
        }
    }
}
