internal import Foundation
internal import NIOCore
package import ObjectStore
package import RecoveryCore

/// The shipped log of one database in the stores that have it.
///
/// The first store that is required decides who is first when two write the same number; the others follow it.
package struct SegmentShelf: Sendable {
    package struct Place: Sendable {
        package var name: String
        package var store: any ObjectStore
        package var isRequired: Bool

        package init(name: String, store: any ObjectStore, isRequired: Bool) {
            self.name = name
            self.store = store
            self.isRequired = isRequired
        }
    }

    package let database: String
    package let places: [Place]
    /// In how many of the required ones a segment must be.
    package let needed: Int

    package init(database: String, places: [Place], needed: Int) {
        self.database = database
        // The required ones first: they decide.
        self.places = places.filter(\.isRequired) + places.filter { !$0.isRequired }
        self.needed = max(1, min(needed, places.count(where: \.isRequired)))
    }

    var folder: String { BinlogLayout.folder(of: database) }

    func key(_ name: String) throws(ObjectStoreError) -> ObjectKey { try ObjectKey(folder + name) }

    /// The newest segment in any store; nil without one.
    /// - Throws: `ObjectStoreError` when so many of the required stores cannot be read that the newest one may be in those
    ///   alone; `ShippingError.unreadableEnd`.
    package func end() async throws -> BinlogSegment? {
        var newest: BinlogSegment?
        var unread = 0
        var failure: (any Error)?
        for place in places {
            do {
                if let end = try await end(in: place), end.number > newest?.number ?? 0 { newest = end }
            } catch let error as ObjectStoreError {
                if place.isRequired { unread += 1 }
                failure = failure ?? error
            }
        }
        if unread >= needed, let failure { throw failure }
        return newest
    }

    private func end(in place: Place) async throws -> BinlogSegment? {
        for day in try await days(in: place).reversed() {
            let numbers = try await described(day, in: place)
            guard let last = numbers.keys.max(), let name = numbers[last] else { continue }
            return try await segment(name, in: place)
        }
        return nil
    }

    /// In order.
    func days(in place: Place) async throws -> [String] {
        try await place.store.list(prefix: folder, foldersOnly: true).folders
            .map { String($0.dropFirst(folder.count).dropLast()) }.filter { BinlogLayout.isDay($0) }.sorted()
    }

    /// The descriptions of a day, by number.
    func described(_ day: String, in place: Place) async throws -> [UInt64: String] {
        let objects = try await place.store.list(prefix: "\(folder)\(day)/").objects
        let names = objects.map { String($0.key.text.dropFirst(folder.count)) }
        return names.reduce(into: [:]) { numbers, name in
            if let read = BinlogLayout.read(name), read.isDescription { numbers[read.number] = name }
        }
    }

    /// - Throws: `ShippingError.unreadableEnd`.
    func segment(_ name: String, in place: Place) async throws -> BinlogSegment {
        let bytes = try await place.store.read(try key(name)).collected(upTo: BinlogSegment.mostBytes)
        do throws(ManifestFault) {
            return try BinlogSegment.read(Data(bytes.readableBytesView))
        } catch {
            throw ShippingError.unreadableEnd(object: "\(place.name): \(folder)\(name)", reason: "\(error)")
        }
    }

    /// Copies to each store what another one has of these days and it lacks: what it missed while it was away, or when
    /// a shipper was killed between two stores. Bytes are copied as they are.
    /// - Returns: How many were copied.
    package func mend(days wanted: Set<String>? = nil) async throws -> Int {
        guard places.count > 1 else { return 0 }
        var days = wanted ?? []
        if wanted == nil {
            for place in places { if let last = try await self.days(in: place).last { days.insert(last) } }
        }
        var copied = 0
        for day in days.sorted() {
            var held: [[UInt64: String]] = []
            for place in places { held.append(try await described(day, in: place)) }
            for number in Set(held.flatMap(\.keys)).sorted() {
                guard let source = held.firstIndex(where: { $0[number] != nil }), let name = held[source][number] else {
                    continue
                }
                for index in places.indices where held[index][number] == nil {
                    try await copy(name, from: places[source], to: places[index])
                    copied += 1
                }
            }
        }
        return copied
    }

    private func copy(_ name: String, from source: Place, to target: Place) async throws {
        let segment = try await segment(name, in: source)
        let events = try await source.store.read(try key(segment.object))
        _ = try await target.store.upload(events, to: try key(segment.object))
        let description = try await source.store.read(try key(name)).collected(upTo: BinlogSegment.mostBytes)
        _ = try await target.store.put(description, at: try key(name))
    }
}

/// A segment on its way into the stores. What failed in one is tried again there alone, with the same bytes.
struct SegmentWriting {
    let segment: BinlogSegment
    private let pieces: [ByteBuffer]
    private let description: ByteBuffer
    private let name: String
    private var uploaded: Set<Int> = []
    private(set) var described: Set<Int> = []

    /// - Parameters:
    ///   - segment: Its description.
    ///   - day: Its folder.
    ///   - pieces: The object of the segment's events.
    /// - Throws: What encoding throws.
    init(_ segment: BinlogSegment, day: String, pieces: [ByteBuffer]) throws {
        self.segment = segment
        self.pieces = pieces
        description = ByteBuffer(bytes: try segment.json())
        name = BinlogLayout.description(day: day, number: segment.number)
    }

    var day: String { String(name.prefix { $0 != "/" }) }

    /// Writes it where it is not yet.
    /// - Returns: The stores that failed and may.
    /// - Throws: `ShippingError.overtaken`; `ShippingError.store` when too few stores have it.
    mutating func write(to shelf: SegmentShelf) async throws -> [(index: Int, error: any Error)] {
        var failures: [(index: Int, error: any Error)] = []
        for index in shelf.places.indices where !described.contains(index) {
            do {
                try await write(to: shelf, index)
            } catch let error as ShippingError {
                throw error
            } catch is CancellationError {
                throw CancellationError()
            } catch {
                failures.append((index, error))
            }
        }
        let count = described.count { shelf.places[$0].isRequired }
        guard count < shelf.needed, let first = failures.first(where: { shelf.places[$0.index].isRequired }) else {
            return failures
        }
        throw ShippingError.store(
            name: shelf.places[first.index].name, reason: "\(first.error)",
            hint: (first.error as? ObjectStoreError)?.hint)
    }

    private mutating func write(to shelf: SegmentShelf, _ index: Int) async throws {
        let store = shelf.places[index].store
        if !uploaded.contains(index) {
            let pieces = AsyncStream<ByteBuffer> { continuation in
                for piece in self.pieces { continuation.yield(piece) }
                continuation.finish()
            }
            let written = try await store.upload(pieces, to: try shelf.key(segment.object))
            guard written.sha256 == segment.sha256 else {
                throw DumpError.upload(object: segment.object, reason: "it has other bytes than were sent", hint: nil)
            }
            uploaded.insert(index)
        }
        do {
            // Whoever was first in one store is the first in all.
            _ = try await store.put(description, at: try shelf.key(name), ifAbsent: described.isEmpty)
        } catch ObjectStoreError.alreadyExists {
            // A retry inside the store's client meets what it wrote itself.
            guard try await shelf.segment(name, in: shelf.places[index]) == segment else {
                throw ShippingError.overtaken(number: segment.number)
            }
        }
        described.insert(index)
    }
}
