import RESP

@testable import RedisProxy

/// A request in memory of its own, given as a line of words: `SET key value`. `''` is an empty argument.
final class Request: CommandArguments {
    private let storage: UnsafeMutableRawBufferPointer
    private let ranges: [Range<Int>]

    init(_ line: String) {
        let words = line.split(separator: " ").map { $0 == "''" ? "" : $0 }
        let bytes = words.flatMap { Array($0.utf8) }
        storage = .allocate(byteCount: max(1, bytes.count), alignment: 1)
        storage.copyBytes(from: bytes)
        var ranges: [Range<Int>] = []
        for word in words {
            let start = ranges.last?.upperBound ?? 0
            ranges.append(start..<(start + word.utf8.count))
        }
        self.ranges = ranges
    }

    deinit { storage.deallocate() }

    var count: Int { ranges.count }

    subscript(index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: storage[ranges[index]])
    }

    /// The same request as a client sends it.
    var frame: [UInt8] {
        var bytes = Array("*\(count)\r\n".utf8)
        for index in 0..<count {
            bytes += Array("$\(self[index].count)\r\n".utf8) + Array(self[index]) + [13, 10]
        }
        return bytes
    }

    func text(_ index: Int) -> String {
        String(decoding: self[index], as: UTF8.self)
    }

    /// The keys that the table finds, in order.
    var keys: [String] {
        var keys: [String] = []
        CommandTable.shared.resolve(self).keys.forEach(in: self) { position in
            keys.append(text(position))
            return true
        }
        return keys
    }
}
