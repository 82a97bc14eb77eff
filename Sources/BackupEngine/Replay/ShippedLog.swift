internal import Foundation
internal import NIOCore
package import ObjectStore
package import RecoveryCore

/// The binary log of a database as it was shipped, in one store or several.
package struct ShippedLog: Sendable {
    /// How many descriptions are on their way at once.
    private static let width = 16

    package let database: String
    private let stores: [any ObjectStore]
    /// In the order of their numbers, without holes where none are.
    package private(set) var segments: [BinlogSegment] = []
    /// By number: the stores that have it, and its name there.
    private var places: [UInt64: [Int]] = [:]
    /// Descriptions that cannot be used, and why.
    package private(set) var unreadable: [BackupManifest.LeftOut] = []

    /// Reads the descriptions of a log.
    ///
    /// - Parameters:
    ///   - database: Whose.
    ///   - stores: Those that hold it. One that cannot be read does not hide what the others have.
    ///   - day: The first day of interest; nil for all.
    /// - Throws: `ObjectStoreError` when no store can be read; `CancellationError`.
    package init(of database: String, in stores: [any ObjectStore], since day: String? = nil) async throws {
        self.database = database
        self.stores = stores
        var failure: (any Error)?
        var read = 0
        var found: [UInt64: BinlogSegment] = [:]
        for (number, store) in stores.enumerated() {
            do {
                for result in try await Self.descriptions(of: database, in: store, since: day) {
                    switch result {
                    case .success(let segment):
                        if let other = found[segment.number] {
                            // Of two that are not the same, the first store's counts.
                            guard (other.from, other.to, other.sha256) == (segment.from, segment.to, segment.sha256)
                            else { continue }
                        } else {
                            found[segment.number] = segment
                        }
                        places[segment.number, default: []].append(number)
                    case .failure(let fault): unreadable.append(fault.what)
                    }
                }
                read += 1
            } catch let error as ObjectStoreError {
                failure = failure ?? error
                unreadable.append(.init(store.description, why: error.description))
            }
        }
        if read == 0, let failure { throw failure }
        segments = found.values.sorted { $0.number < $1.number }
    }

    private struct Unusable: Error {
        var what: BackupManifest.LeftOut
    }

    private static func descriptions(
        of database: String, in store: any ObjectStore, since day: String?
    ) async throws -> [Result<BinlogSegment, Unusable>] {
        let folder = BinlogLayout.folder(of: database)
        let days = try await store.list(prefix: folder, foldersOnly: true).folders.compactMap { path -> String? in
            let name = String(path.dropFirst(folder.count).dropLast())
            return BinlogLayout.isDay(name) && name >= day ?? "" ? name : nil
        }
        var keys: [ObjectKey] = []
        for day in days.sorted() {
            let objects = try await store.list(prefix: BinlogLayout.folder(of: database, day: day)).objects
            keys += objects.map(\.key).filter { key in
                BinlogLayout.read(key.text.dropFirst(folder.count))?.isDescription ?? false
            }
        }
        return try await keys.mapConcurrently(width: width) { key in try await description(key, in: store) }
            .compactMap(\.self)
    }

    private static func description(
        _ key: ObjectKey, in store: any ObjectStore
    ) async throws -> Result<BinlogSegment, Unusable>? {
        do {
            let bytes = try await store.read(key).collected(upTo: BinlogSegment.mostBytes)
            do throws(ManifestFault) {
                return .success(try BinlogSegment.read(Data(bytes.readableBytesView)))
            } catch {
                return .failure(Unusable(what: .init(key.text, why: "\(error)")))
            }
        } catch ObjectStoreError.notFound {
            return nil
        } catch let error as ObjectStoreError {
            switch error {
            case .tooLarge, .truncated, .changed, .file:
                return .failure(Unusable(what: .init(key.text, why: "\(error)")))
            default: throw error
            }
        }
    }

    /// All of a segment: a whole binary log, known to be what was shipped.
    /// - Throws: `ReplayError.segment`, `key`; `CancellationError`.
    package func read(_ segment: BinlogSegment, key: RestoreOptions.Key) async throws -> [UInt8] {
        var last: any Error = ReplayError.segment(segment.number, reason: "no store has it")
        for number in places[segment.number] ?? [] {
            do {
                return try await SegmentReader(segment: segment, store: stores[number], key: key).read()
            } catch let error as CancellationError {
                throw error
            } catch {
                last = error
            }
        }
        throw last
    }
}
