import DequeModule
import NIOCore

/// The keys of a cache that were written or deleted of late, which the stale-cache guard deletes on the next master.
///
/// A ring in bytes: keys stand one behind the other in segments with their database, and a segment is forgotten whole
/// once its newest key is older than the window. What does not fit, and what cannot be named, makes its database count
/// as written everywhere until that is as old.
struct CacheJournal {
    /// What one note is about.
    enum Extent: Hashable, Sendable {
        case database(Int)
        /// All databases that exist.
        case everywhere
    }

    private struct Segment {
        var bytes: [UInt8] = []
        var databases: Set<Int> = []
        /// The database noted last, so that the set is not asked for each key.
        var database = -1
        let oldest: NIODeadline
        var newest: NIODeadline
    }

    private static let segmentBytes = 64 * 1024
    /// Of an entry, before its key: the database and the length of the key, 4 bytes each.
    private static let headBytes = 8
    /// A segment takes keys for this part of the window, so that keys are kept hardly longer than it.
    private static let segmentsPerWindow = 8

    /// For how long keys are remembered while all is well.
    var window: TimeAmount
    /// The most bytes that keys may take here.
    var limit: Int
    /// Bytes that keys take now, their heads included.
    private(set) var bytes = 0
    private var segments = Deque<Segment>()
    /// When a write that cannot be named, or did not fit, was last seen.
    private var unnamed: [Extent: NIODeadline] = [:]

    init(window: TimeAmount, limit: Int) {
        self.window = window
        self.limit = limit
    }

    var isEmpty: Bool { segments.isEmpty && unnamed.isEmpty }

    // MARK: Noting

    /// Remembers one key. While the journal is frozen nothing becomes too old.
    mutating func note(_ key: UnsafeRawBufferPointer, database: Int, at now: NIODeadline, isFrozen: Bool = false) {
        let size = Self.headBytes + key.count
        guard size <= Self.segmentBytes, database >= 0 else { return note(.database(database), at: now) }
        if !hasRoom(for: size, at: now) {
            if !isFrozen { expire(at: now) }
            makeRoom()
            guard bytes + size <= limit else { return note(.database(database), at: now) }
            segments.append(Segment(oldest: now, newest: now))
        }
        append(key, database, now)
        bytes += size
    }

    /// Remembers a write whose keys nobody can name.
    mutating func note(_ extent: Extent, at now: NIODeadline) { unnamed[extent] = now }

    private func hasRoom(for size: Int, at now: NIODeadline) -> Bool {
        guard let last = segments.last else { return false }
        let span = TimeAmount.nanoseconds(window.nanoseconds / Int64(Self.segmentsPerWindow))
        return last.bytes.count + size <= Self.segmentBytes && bytes + size <= limit && now <= last.oldest + span
    }

    private mutating func append(_ key: UnsafeRawBufferPointer, _ database: Int, _ now: NIODeadline) {
        let last = segments.count - 1
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: database)) { segments[last].bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: UInt32(truncatingIfNeeded: key.count)) { segments[last].bytes.append(contentsOf: $0) }
        segments[last].bytes.append(contentsOf: key)
        segments[last].newest = now
        if segments[last].database != database {
            segments[last].database = database
            segments[last].databases.insert(database)
        }
    }

    /// Drops the oldest keys until a whole segment fits: their databases count as written everywhere.
    private mutating func makeRoom() {
        while bytes + Self.segmentBytes > limit, let dropped = segments.popFirst() {
            bytes -= dropped.bytes.count
            for database in dropped.databases {
                let extent = Extent.database(database)
                unnamed[extent] = max(unnamed[extent] ?? dropped.newest, dropped.newest)
            }
        }
    }

    // MARK: Forgetting

    /// Forgets what is older than the window.
    mutating func expire(at now: NIODeadline) {
        let oldest = now - window
        while let first = segments.first, first.newest < oldest {
            bytes -= first.bytes.count
            segments.removeFirst()
        }
        if !unnamed.isEmpty { unnamed = unnamed.filter { $0.value >= oldest } }
    }

    /// Counts all that is remembered as written now: it was deleted on a master just then, and that is a write too.
    mutating func renew(at now: NIODeadline) {
        for index in segments.indices { segments[index].newest = now }
        for extent in unnamed.keys { unnamed[extent] = now }
    }

    mutating func clear() {
        segments.removeAll()
        unnamed.removeAll()
        bytes = 0
    }

    // MARK: Reading

    /// All that is remembered. The journal keeps it: should the next master be replaced as well, it is due again.
    /// `databases` are those that clients are known to use, for writes that may have been anywhere.
    func plan(databases: Set<Int>) -> PurgePlan {
        var plan = PurgePlan()
        for extent in unnamed.keys {
            switch extent {
            case .database(let database): plan.flushed.insert(database)
            case .everywhere: plan.flushed.formUnion(databases)
            }
        }
        for segment in segments { Self.read(segment, into: &plan) }
        return plan
    }

    private static func read(_ segment: Segment, into plan: inout PurgePlan) {
        segment.bytes.withUnsafeBytes { bytes in
            var offset = 0
            while offset + headBytes <= bytes.count {
                let database = Int(bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
                let length = Int(bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
                let start = offset + headBytes
                offset = start + length
                if plan.flushed.contains(database) { continue }
                plan.keys[database, default: []].insert(Array(bytes[start..<offset]))
            }
        }
    }
}
