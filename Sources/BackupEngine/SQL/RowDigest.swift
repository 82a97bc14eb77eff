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

    private let memory = UnsafeMutableRawBufferPointer.allocate(
        byteCount: Self.capacity, alignment: 16)
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
            memory[used] = UInt8(ascii: "N")
            used += 1
            return
        }
        putLength(value.count)
        guard value.count <= Self.capacity - used else {
            spill()
            begun?.update(bufferPointer: value)
            return
        }
        guard let start = value.baseAddress, !value.isEmpty else { return }
        UnsafeMutableRawBufferPointer(rebasing: memory[used...]).copyMemory(
            from: UnsafeRawBufferPointer(start: start, count: value.count))
        used += value.count
    }

    package mutating func endRow() {
        var hash = begun ?? SHA256()
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: memory[..<used]))
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
        hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: memory[..<used]))
        begun = hash
        used = 0
    }

    private mutating func putLength(_ length: Int) {
        var digits = 1
        var bound = 10
        while length >= bound {
            digits += 1
            bound *= 10
        }
        var rest = length
        for index in (used..<used + digits).reversed() {
            memory[index] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
        used += digits
        memory[used] = UInt8(ascii: ":")
        used += 1
    }
}
