internal import Crypto
package import RecoveryCore

/// Computes the ``TableDigest`` of rows as they pass by, from the bytes the server sent and not from the SQL text that
/// is made of them: a fault in writing that text must not be in the digest as well.
///
/// A row is hashed as the concatenation of its values in the order of the columns: `N` for NULL, else the number of
/// bytes in decimal, a colon, and the bytes. Where a value ends is never in doubt, so different rows have different
/// texts, and a server can build the same text itself (``DigestQuery``).
package struct RowDigest: ~Copyable {
    /// Values beyond this are hashed where they are.
    private static let capacity = 64 << 10

    private let memory = UnsafeMutableRawPointer.allocate(byteCount: Self.capacity, alignment: 16)
    private var used = 0
    /// Of a row that did not fit.
    private var begun: SHA256?
    package private(set) var digest = TableDigest()
    package private(set) var rows: UInt64 = 0

    package init() {}

    deinit { memory.deallocate() }

    /// One value of the row; `nil` for NULL.
    package mutating func append(_ value: UnsafeRawBufferPointer?) {
        if Self.capacity - used < 32 { spill() }
        guard let value else {
            put(UInt8(ascii: "N"))
            return
        }
        putLength(value.count)
        guard value.count <= Self.capacity - used else {
            spill()
            begun?.update(bufferPointer: value)
            return
        }
        guard let start = value.baseAddress, !value.isEmpty else { return }
        (memory + used).copyMemory(from: start, byteCount: value.count)
        used += value.count
    }

    package mutating func endRow() {
        var hash = begun ?? SHA256()
        hash.update(bufferPointer: UnsafeRawBufferPointer(start: memory, count: used))
        let lanes = hash.finalize().withUnsafeBytes { bytes in
            func lane(_ index: Int) -> UInt64 {
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self))
            }
            return SIMD4(lane(0), lane(1), lane(2), lane(3))
        }
        digest.add(lanes)
        rows += 1
        used = 0
        begun = nil
    }

    private mutating func spill() {
        var hash = begun ?? SHA256()
        hash.update(bufferPointer: UnsafeRawBufferPointer(start: memory, count: used))
        begun = hash
        used = 0
    }

    private mutating func putLength(_ length: Int) {
        // Almost all lengths have one digit or two.
        if length >= 100 {
            for digit in String(length).utf8 { put(digit) }
        } else {
            if length >= 10 { put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: length / 10)) }
            put(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: length % 10))
        }
        put(UInt8(ascii: ":"))
    }

    private mutating func put(_ byte: UInt8) {
        memory.storeBytes(of: byte, toByteOffset: used, as: UInt8.self)
        used += 1
    }
}
