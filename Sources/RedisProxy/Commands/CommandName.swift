/// A command's name as three words in lower case: compared and hashed without touching memory again.
struct CommandName: Equatable {
    /// Longer names are unknown. The longest known have 21 bytes (COUNT-FAILURE-REPORTS).
    static let capacity = 24

    var low: UInt64 = 0
    var middle: UInt64 = 0
    var high: UInt64 = 0
    /// The index of the container for a subcommand, 0 for a command of its own.
    var container: UInt16
    /// The words are padded with zeros, which a peer may send as well.
    var count: UInt16

    /// Nil for names that are empty or longer than any command's.
    @inline(__always)
    init?(_ bytes: UnsafeRawBufferPointer, container: UInt16 = 0) {
        guard let base = bytes.baseAddress, bytes.count > 0, bytes.count <= Self.capacity else { return nil }
        let count = bytes.count
        self.container = container
        self.count = UInt16(count)
        low = Self.fold(Self.load(base, min(count, 8)))
        if count > 8 {
            middle = Self.fold(Self.load(base + 8, min(count - 8, 8)))
            if count > 16 {
                high = Self.fold(Self.load(base + 16, count - 16))
            }
        }
    }

    @inline(__always)
    var hash: UInt64 {
        var mixed = (low ^ (UInt64(container) &* 0xff51_afd7_ed55_8ccd)) &* 0x9e37_79b9_7f4a_7c15
        if middle != 0 {
            mixed = (mixed ^ middle) &* 0xc2b2_ae3d_27d4_eb4f
            mixed = (mixed ^ high) &* 0x9e37_79b9_7f4a_7c15
        }
        return mixed ^ (mixed >> 29)
    }

    /// Reads 1 to 8 bytes, little-endian, the rest zero, without reading past the end.
    @inline(__always)
    private static func load(_ base: UnsafeRawPointer, _ count: Int) -> UInt64 {
        if count == 8 {
            return UInt64(littleEndian: base.loadUnaligned(as: UInt64.self))
        }
        if count >= 4 {
            // Two loads that overlap; the bytes they share are the same in both.
            let first = UInt64(UInt32(littleEndian: base.loadUnaligned(as: UInt32.self)))
            let last = UInt64(UInt32(littleEndian: base.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self)))
            return first | (last << UInt64((count - 4) * 8))
        }
        var word: UInt64 = 0
        for index in 0..<count {
            word |= UInt64(base.load(fromByteOffset: index, as: UInt8.self)) << UInt64(index * 8)
        }
        return word
    }

    /// Turns A–Z in all eight bytes at once into lower case and leaves every other byte as it is.
    @inline(__always)
    private static func fold(_ word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let sevenBits = word & (ones &* 0x7f)
        let fromA = sevenBits &+ (ones &* (0x80 - 0x41))
        let pastZ = sevenBits &+ (ones &* (0x7f - 0x5a))
        let isLetter = (fromA ^ pastZ) & ~word & (ones &* 0x80)
        return word | (isLetter >> 2)
    }

    @inline(__always)
    static func uppercase(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "a") && byte <= UInt8(ascii: "z") ? byte & 0xdf : byte
    }
}
