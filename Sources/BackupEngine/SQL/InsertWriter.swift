/// Writes rows as multi-row INSERT statements into memory of its own, each byte once.
///
/// Values are appended column by column as they came from the server; between rows the caller takes what has gathered
/// (``bytes`` and ``clear()``), in pieces of any size. A statement ends before it would exceed its limit; a single row
/// that is larger gets a statement of its own, and ``largestStatement`` says what the server must accept.
package struct InsertWriter: ~Copyable {
    /// A row that cannot be written; the rows before it are whole.
    package enum Fault: Error, Equatable {
        /// It has another number of values than the table has columns.
        case columnCount
        /// What came for a numeric column, by its index, is no number.
        case notANumber(column: Int)
    }

    /// From so many bytes on, a value stands in quotes: digits double it, and a server that took it once might then
    /// refuse it.
    private static let longValue = 1 << 20

    private let literals: [SQLLiteral]
    private let introducers: [[UInt8]]
    private let header: [UInt8]
    private let limit: Int

    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var count = 0

    /// Of the statement that is open, without the row that is being written; 0 when there is none.
    private var statementBytes = 0
    private var rowStart = 0
    private var column = 0
    package private(set) var rows: UInt64 = 0
    /// Since the beginning, whatever was taken meanwhile.
    package private(set) var totalBytes: UInt64 = 0
    /// The size of the largest statement so far, without its semicolon.
    package private(set) var largestStatement = 0

    /// `statementLimit` counts bytes; stay well below the `max_allowed_packet` of any server that may restore.
    package init(table: String, columns: [ColumnCodec], statementLimit: Int, capacity: Int = 1 << 20) {
        literals = columns.map(\.literal)
        introducers = columns.map { $0.characterSet.isEmpty ? [] : Array("_\($0.characterSet) ".utf8) }
        let names = columns.map { $0.name.sqlIdentifier }.joined(separator: ",")
        header = Array("INSERT INTO \(table.sqlIdentifier) (\(names)) VALUES\n".utf8)
        limit = max(statementLimit, header.count)
        self.capacity = max(capacity, 4_096)
        memory = .allocate(capacity: self.capacity)
    }

    deinit { memory.deallocate() }

    /// What has gathered. Valid until the next call that changes the writer.
    package var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: memory, count: count) }
    package var byteCount: Int { count }

    /// Forgets what was taken. Only between rows.
    package mutating func clear() {
        precondition(column == 0, "a row is being written")
        totalBytes += UInt64(count)
        count = 0
    }

    /// One value of the row; `nil` for NULL.
    package mutating func append(_ value: UnsafeRawBufferPointer?) throws(Fault) {
        guard column < literals.count else { throw .columnCount }
        // The worst case of every form: two bytes for each, quotes, an introducer, and what opens a row.
        reserve((value?.count ?? 0) * 2 + 128 + header.count)
        if column == 0 { openRow() } else { put(UInt8(ascii: ",")) }
        guard let value else {
            put("NULL")
            column += 1
            return
        }
        switch literals[column] {
        case .number, .float:
            guard SQLLiteral.isNumber(value) else { throw .notANumber(column: column) }
            copy(value)
            if literals[column] == .float, !value.contains(UInt8(ascii: "e")) { put("e0") }
        case .text:
            putText(value)
        case .unicodeText:
            put("_utf8mb4")
            putText(value)
        case .hex where value.count >= Self.longValue:
            put("_binary")
            putText(value)
        case .hex:
            putHex(value)
        // The session's literals are bytes, whatever the character set makes of one of them.
        case .hexOfCharacterSet where value.count >= Self.longValue,
            .asciiOrHex where value.count >= Self.longValue:
            put(introducers[column])
            putText(value)
        case .hexOfCharacterSet:
            if !value.isEmpty { put(introducers[column]) }
            putHex(value)
        case .asciiOrHex:
            if value.allSatisfy({ $0 < 0x80 }) {
                putText(value)
            } else {
                put(introducers[column])
                putHex(value)
            }
        }
        column += 1
    }

    /// Ends the row.
    package mutating func endRow() throws(Fault) {
        guard column == literals.count else { throw .columnCount }
        // A table of generated columns alone has rows, too.
        if literals.isEmpty {
            reserve(128 + header.count)
            openRow()
        }
        put(UInt8(ascii: ")"))
        column = 0
        rows += 1
        statementBytes += count - rowStart
        if statementBytes > limit { splitBeforeRow() }
        largestStatement = max(largestStatement, statementBytes)
    }

    /// Ends the statement that is open; more rows may follow in another one.
    package mutating func finish() {
        guard statementBytes > 0 else { return }
        reserve(2)
        put(";\n")
        statementBytes = 0
    }

    // MARK: - Statements

    private mutating func openRow() {
        rowStart = count
        if statementBytes == 0 { put(header) } else { put(",\n") }
        put(UInt8(ascii: "("))
    }

    /// The row that was just written begins with `,\n(` and made the statement too large: those two bytes become the
    /// end of the statement, and a header is put in between.
    private mutating func splitBeforeRow() {
        let row = count - rowStart
        guard memory[rowStart] == UInt8(ascii: ",") else { return }
        largestStatement = max(largestStatement, statementBytes - row)
        reserve(header.count)
        let content = memory + rowStart + 2
        (content + header.count).update(from: content, count: row - 2)
        memory[rowStart] = UInt8(ascii: ";")
        memory[rowStart + 1] = UInt8(ascii: "\n")
        content.update(from: header, count: header.count)
        count += header.count
        statementBytes = row - 2 + header.count
    }

    // MARK: - Bytes, for which there is room

    private mutating func reserve(_ more: Int) {
        guard capacity - count < more else { return }
        let larger = max(capacity * 2, count + more)
        let moved = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
        moved.update(from: memory, count: count)
        memory.deallocate()
        memory = moved
        capacity = larger
    }

    private mutating func put(_ byte: UInt8) {
        memory[count] = byte
        count += 1
    }

    private mutating func put(_ text: StaticString) {
        (memory + count).update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        count += text.utf8CodeUnitCount
    }

    private mutating func put(_ bytes: [UInt8]) {
        (memory + count).update(from: bytes, count: bytes.count)
        count += bytes.count
    }

    private mutating func copy(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress else { return }
        UnsafeMutableRawPointer(memory + count).copyMemory(from: start, byteCount: bytes.count)
        count += bytes.count
    }

    private mutating func putText(_ bytes: UnsafeRawBufferPointer) {
        var out = memory + count
        out.pointee = UInt8(ascii: "'")
        out += 1
        if let start = bytes.baseAddress { out = Self.escape(start, bytes.count, into: out) }
        out.pointee = UInt8(ascii: "'")
        count += out + 1 - (memory + count)
    }

    /// Most bytes stand for themselves, and are copied eight at a time; behind what is written up to seven more bytes of
    /// the room are changed.
    private static func escape(
        _ start: UnsafeRawPointer, _ length: Int, into target: UnsafeMutablePointer<UInt8>
    ) -> UnsafeMutablePointer<UInt8> {
        var out = target
        var offset = 0
        SQLLiteral.escapes.withUnsafeBufferPointer { escapes in
            while offset < length {
                let left = length - offset
                if left >= 4 {
                    var word: UInt64
                    if left >= 8 {
                        word = UInt64(littleEndian: (start + offset).loadUnaligned(as: UInt64.self))
                    } else {
                        // Two halves that overlap, and zeros, which are no plain bytes.
                        let last = UInt32(littleEndian: (start + length - 4).loadUnaligned(as: UInt32.self))
                        word = UInt64(UInt32(littleEndian: (start + offset).loadUnaligned(as: UInt32.self)))
                        word |= UInt64(last) << UInt64(truncatingIfNeeded: 8 * (left - 4))
                    }
                    UnsafeMutableRawPointer(out).storeBytes(of: word.littleEndian, as: UInt64.self)
                    let plain = SQLLiteral.plainBytes(word)
                    out += plain
                    offset += plain
                    if plain == min(left, 8) { continue }
                }
                let byte = start.load(fromByteOffset: offset, as: UInt8.self)
                let letter = escapes[Int(byte)]
                if letter == 0 {
                    out.pointee = byte
                    out += 1
                } else {
                    out[0] = UInt8(ascii: "\\")
                    out[1] = letter
                    out += 2
                }
                offset += 1
            }
        }
        return out
    }

    private mutating func putHex(_ bytes: UnsafeRawBufferPointer) {
        // `0x` alone is no literal.
        guard !bytes.isEmpty else { return put("''") }
        put("0x")
        var out = memory + count
        SQLLiteral.hexDigits.withUnsafeBufferPointer { digits in
            for byte in bytes {
                out[0] = digits[Int(byte >> 4)]
                out[1] = digits[Int(byte & 15)]
                out += 2
            }
        }
        count += bytes.count * 2
    }
}
