internal import Age
internal import Binlog
internal import NIOCore
internal import RecoveryCore

/// A segment as its transactions come: packed at once, and kept in memory until it is in the stores.
///
/// What is kept is compressed and encrypted: some 2 MiB for the 16 MiB after which a segment ends, and a tenth or so of a
/// transaction that is larger.
struct SegmentInMaking {
    private(set) var packer: ObjectPacker
    private var pieces: [ByteBuffer] = []
    let from: GTIDState
    private(set) var to: GTIDState
    private(set) var transactions = 0
    private(set) var firstCommittedAt: Int64 = 0
    private(set) var lastCommittedAt: Int64 = 0
    /// When the first transaction came, on a clock that never jumps.
    private(set) var begunAt: ContinuousClock.Instant?
    /// A large transaction is being packed, and its end has not come.
    private(set) var isOpenEnded = false

    /// - Parameters:
    ///   - state: What is shipped already.
    ///   - format: The log's format description, as the server sent it.
    ///   - recipients: Who can open it.
    ///   - level: How hard to compress.
    /// - Throws: `ZstdError`, `AgeError`.
    init(after state: GTIDState, format: [UInt8], recipients: [X25519Recipient], level: Int) throws {
        packer = try ObjectPacker(level: level, recipients: recipients)
        from = state
        to = state
        try write(BinlogFile.magic)
        // The mark of a file that is being written is no part of its checksum.
        var format = format
        if format.count > 17 { format[17] &= ~1 }
        try write(format)
    }

    var isEmpty: Bool { transactions == 0 && !isOpenEnded }
    var rawBytes: Int { Int(packer.rawBytes) }

    /// A whole transaction.
    mutating func add(_ gtid: GTID, committedAt: Int64, events: [[UInt8]]) throws {
        try begin(events)
        end(gtid, committedAt: committedAt)
    }

    /// Events of a transaction that is too large to be held back until its end.
    mutating func begin(_ events: [[UInt8]]) throws {
        begunAt = begunAt ?? .now
        isOpenEnded = true
        for event in events { try write(event) }
    }

    mutating func end(_ gtid: GTID, committedAt: Int64) {
        isOpenEnded = false
        if transactions == 0 { firstCommittedAt = committedAt }
        firstCommittedAt = min(firstCommittedAt, committedAt)
        lastCommittedAt = max(lastCommittedAt, committedAt)
        transactions += 1
        to.insert(gtid)
    }

    private mutating func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { try packer.write($0) }
        while let piece = packer.takePiece() { pieces.append(piece) }
    }

    /// Ends it.
    mutating func finish() throws -> (pieces: [ByteBuffer], object: PackedObject) {
        let (last, object) = try packer.finish()
        return (pieces + [last], object)
    }
}
