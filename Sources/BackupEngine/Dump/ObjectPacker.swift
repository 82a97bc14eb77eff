internal import Age
internal import Crypto
internal import NIOCore

/// Makes an object out of SQL text, piece by piece: Zstandard, then age, hashed as it will be stored.
struct ObjectPacker {
    /// What is handed to the store at once.
    static let pieceBytes = 256 << 10

    private let compressor: ZstdCompressor
    private var encryptor: AgeEncryptor
    private var hash = SHA256()
    private var compressed: [UInt8] = []
    private var encrypted: [UInt8] = []
    private(set) var rawBytes: UInt64 = 0
    private(set) var storedBytes: UInt64 = 0

    /// - Throws: `ZstdError`, `AgeError`.
    init(level: Int, recipients: [X25519Recipient]) throws {
        compressor = try ZstdCompressor(level: level)
        encryptor = try AgeEncryptor(recipients: recipients)
        encrypted.reserveCapacity(Self.pieceBytes * 2)
    }

    mutating func write(_ sql: UnsafeRawBufferPointer) throws {
        rawBytes += UInt64(sql.count)
        try compressor.compress(sql, into: &compressed)
        try encrypt()
    }

    mutating func write(_ sql: String) throws {
        var sql = sql
        try sql.withUTF8 { try write(UnsafeRawBufferPointer($0)) }
    }

    /// What is ready to be stored, when it is worth a piece.
    mutating func takePiece() -> ByteBuffer? {
        encrypted.count < Self.pieceBytes ? nil : takeAll()
    }

    /// Ends the object.
    /// - Returns: Its last piece, and what is known of the whole.
    mutating func finish() throws -> (last: ByteBuffer, object: PackedObject) {
        try compressor.finish(into: &compressed)
        try encrypt()
        try encryptor.finish(into: &encrypted)
        let last = takeAll()
        let digest = hash.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return (last, PackedObject(rawBytes: rawBytes, storedBytes: storedBytes, sha256: digest.joined()))
    }

    private mutating func encrypt() throws {
        try encryptor.encrypt(compressed, into: &encrypted)
        compressed.removeAll(keepingCapacity: true)
    }

    private mutating func takeAll() -> ByteBuffer {
        let piece = ByteBuffer(bytes: encrypted)
        encrypted.withUnsafeBytes { hash.update(bufferPointer: $0) }
        storedBytes += UInt64(encrypted.count)
        encrypted.removeAll(keepingCapacity: true)
        return piece
    }
}

/// An object as it was handed to the store.
struct PackedObject: Sendable, Hashable {
    /// Of the SQL text.
    var rawBytes: UInt64
    var storedBytes: UInt64
    /// In hexadecimal.
    var sha256: String
}
