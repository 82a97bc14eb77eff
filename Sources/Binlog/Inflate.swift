/// Decompresses a zlib stream (RFC 1950, RFC 1951), whose size is known beforehand: it can become no more than that.
struct Inflate {
    private let input: [UInt8]
    private var index: Int
    private var bits: UInt64 = 0
    private var bitCount = 0
    private var output: [UInt8] = []
    private let size: Int

    /// - Parameters:
    ///   - input: All of the stream.
    ///   - size: Of what it becomes.
    /// - Returns: What it becomes.
    /// - Throws: `malformed`, also for one that becomes more or less.
    static func zlib(_ input: ArraySlice<UInt8>, size: Int) throws(BinlogError) -> [UInt8] {
        // No block yields more than 1032 times its size: a size that is made up takes no memory.
        guard size >= 0, size / 1032 <= input.count, input.count >= 6 else { throw damaged("has another size") }
        let header = input.prefix(2).map(UInt16.init)
        guard header[0] & 0x0F == 8, (header[0] << 8 | header[1]) % 31 == 0, header[1] & 0x20 == 0 else {
            throw damaged("is not zlib's")
        }
        var inflate = Inflate(input: Array(input.dropFirst(2).dropLast(4)), size: size)
        try inflate.run()
        let sum = input.suffix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        guard inflate.output.count == size, adler32(inflate.output) == sum else { throw damaged("is another one") }
        return inflate.output
    }

    private init(input: [UInt8], size: Int) {
        self.input = input
        self.size = size
        index = 0
        output.reserveCapacity(size)
    }

    private static func damaged(_ what: String) -> BinlogError { .malformed("what was compressed \(what)") }

    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var (low, high): (UInt32, UInt32) = (1, 0)
        // So many fit before the sums overflow.
        for start in stride(from: 0, to: bytes.count, by: 5_552) {
            for byte in bytes[start..<min(start + 5_552, bytes.count)] {
                low += UInt32(byte)
                high += low
            }
            low %= 65_521
            high %= 65_521
        }
        return high << 16 | low
    }

    private mutating func run() throws(BinlogError) {
        var isLast = false
        while !isLast {
            isLast = try take(1) == 1
            switch try take(2) {
            case 0: try copyStored()
            case 1: try decode(Self.fixedLiterals, Self.fixedDistances)
            case 2:
                let (literals, distances) = try readCodes()
                try decode(literals, distances)
            default: throw Self.damaged("has a block of no kind")
            }
        }
    }

    /// Fills up to at least `count` bits, with zeros behind the end; `take` sees to it that none of those is used.
    private mutating func fill(_ count: Int) {
        while bitCount < count {
            let byte = index < input.count ? UInt64(input[index]) : 0
            index += 1
            bits |= byte << UInt64(bitCount)
            bitCount += 8
        }
    }

    private mutating func drop(_ count: Int) throws(BinlogError) {
        bits >>= UInt64(count)
        bitCount -= count
        guard index - bitCount / 8 <= input.count else { throw Self.damaged("ends too early") }
    }

    private mutating func take(_ count: Int) throws(BinlogError) -> Int {
        guard count > 0 else { return 0 }
        fill(count)
        let value = Int(bits & (1 << UInt64(count) - 1))
        try drop(count)
        return value
    }

    private mutating func copyStored() throws(BinlogError) {
        try drop(bitCount % 8)
        let length = try take(16)
        guard try take(16) == length ^ 0xFFFF else { throw Self.damaged("has a block of no length") }
        guard length <= size - output.count else { throw Self.damaged("is larger than it says") }
        for _ in 0..<length { output.append(UInt8(try take(8))) }
    }

    private mutating func symbol(_ code: HuffmanCode) throws(BinlogError) -> Int {
        fill(HuffmanCode.mostBits)
        guard let (symbol, length) = code.symbol(UInt32(truncatingIfNeeded: bits)) else {
            throw Self.damaged("has a code that is none")
        }
        try drop(length)
        return symbol
    }

    private mutating func decode(_ literals: HuffmanCode, _ distances: HuffmanCode) throws(BinlogError) {
        while true {
            let symbol = try symbol(literals)
            switch symbol {
            case 0..<256:
                guard output.count < size else { throw Self.damaged("is larger than it says") }
                output.append(UInt8(symbol))
            case 256: return
            case 257...285:
                let length = Self.lengths[symbol - 257] + (try take(Self.lengthBits[symbol - 257]))
                let code = try self.symbol(distances)
                guard code < 30 else { throw Self.damaged("has a distance of no kind") }
                let bits = code < 4 ? 0 : code / 2 - 1
                let distance = (code < 4 ? code + 1 : (2 + code % 2) << bits + 1) + (try take(bits))
                guard distance <= output.count else { throw Self.damaged("refers to what is before its beginning") }
                guard length <= size - output.count else { throw Self.damaged("is larger than it says") }
                let start = output.count - distance
                for offset in 0..<length { output.append(output[start + offset]) }
            default: throw Self.damaged("has a length of no kind")
            }
        }
    }

    private mutating func readCodes() throws(BinlogError) -> (HuffmanCode, HuffmanCode) {
        let (literals, distances, lengths) = (try take(5) + 257, try take(5) + 1, try take(4) + 4)
        var codeLengths = [UInt8](repeating: 0, count: 19)
        for place in Self.order.prefix(lengths) { codeLengths[place] = UInt8(try take(3)) }
        let code = try HuffmanCode(codeLengths[...])
        var all: [UInt8] = []
        while all.count < literals + distances {
            switch try symbol(code) {
            case let length where length < 16: all.append(UInt8(length))
            case 16:
                guard let last = all.last else { throw Self.damaged("repeats nothing") }
                all += Array(repeating: last, count: 3 + (try take(2)))
            case 17: all += Array(repeating: 0, count: 3 + (try take(3)))
            default: all += Array(repeating: 0, count: 11 + (try take(7)))
            }
        }
        guard all.count == literals + distances else { throw Self.damaged("has too many codes") }
        return (try HuffmanCode(all[..<literals]), try HuffmanCode(all[literals...]))
    }

    private static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
    private static let lengths = [
        3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227,
        258,
    ]
    private static let lengthBits = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    private static let fixedLiterals = HuffmanCode(
        complete: (0..<288).map { $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8 })
    private static let fixedDistances = HuffmanCode(complete: Array(repeating: 5, count: 30))
}

/// A canonical code as in RFC 1951, 3.2.2: which symbol some bits begin with.
private struct HuffmanCode: Sendable {
    static let mostBits = 15
    /// Codes up to this long are looked up at once.
    private static let quickBits = 9

    /// By the next ``quickBits``: symbol · 16 + length; 0 for a longer code.
    private var quick = [UInt16](repeating: 0, count: 1 << quickBits)
    /// How many codes have each length, and all symbols in the order of their codes.
    private var counts = [Int](repeating: 0, count: mostBits + 1)
    private var symbols: [UInt16] = []

    /// - Throws: `malformed` for lengths that are those of more codes than there can be.
    init(_ lengths: ArraySlice<UInt8>) throws(BinlogError) {
        self.init(complete: Array(lengths))
        var left = 1
        for length in 1...Self.mostBits {
            left = left << 1 - counts[length]
            guard left >= 0 else { throw .malformed("what was compressed has codes that contradict each other") }
        }
    }

    init(complete lengths: [UInt8]) {
        for length in lengths where length > 0 { counts[Int(length)] += 1 }
        var code: UInt32 = 0
        for length in 1...Self.mostBits {
            for (symbol, own) in lengths.enumerated() where Int(own) == length {
                symbols.append(UInt16(symbol))
                if length <= Self.quickBits { lookUp(UInt16(symbol), code, length) }
                code += 1
            }
            code <<= 1
        }
    }

    /// Codes are stored from their highest bit on, everything else from its lowest.
    private mutating func lookUp(_ symbol: UInt16, _ code: UInt32, _ length: Int) {
        let reversed = Int((0..<length).reduce(UInt32(0)) { $0 << 1 | (code >> UInt32($1)) & 1 })
        guard reversed < 1 << length else { return }
        for entry in stride(from: reversed, to: 1 << Self.quickBits, by: 1 << length) {
            quick[entry] = symbol << 4 | UInt16(length)
        }
    }

    /// - Returns: The symbol, and how many bits it takes; nil for bits that are no code.
    func symbol(_ bits: UInt32) -> (Int, Int)? {
        let entry = quick[Int(bits & (1 << UInt32(Self.quickBits) - 1))]
        if entry != 0 { return (Int(entry >> 4), Int(entry & 15)) }
        var (code, first, index) = (0, 0, 0)
        for length in 1...Self.mostBits {
            code |= Int(bits >> UInt32(length - 1)) & 1
            let count = counts[length]
            if code - count < first { return (Int(symbols[index + code - first]), length) }
            index += count
            first = (first + count) << 1
            code <<= 1
        }
        return nil
    }
}
