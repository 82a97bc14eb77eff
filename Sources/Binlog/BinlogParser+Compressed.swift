extension BinlogParser {
    /// A statement or rows that MariaDB compressed (`log_bin_compress`) as they are without it, which is what a `BINLOG`
    /// statement takes; every other event as it is.
    /// - Throws: `malformed`, `unsupported`.
    package func decompressed(_ event: BinlogEvent) throws(BinlogError) -> BinlogEvent {
        let type = event.header.type
        let plainType: UInt8
        switch type {
        case EventType.queryCompressed: plainType = EventType.query
        case EventType.compressedRows: plainType = Self.plainRows[Int(type - EventType.compressedRows.lowerBound)]
        default: return event
        }
        let kept = try plainBytes(event)
        let text = try Self.decompressed(event.body.dropFirst(kept))
        let size = BinlogEvent.Header.byteCount + kept + text.count + event.checksumBytes
        guard size <= Self.mostEventBytes else { throw .malformed("a compressed event has \(size) bytes") }
        var plain = event
        plain.header.type = plainType
        plain.header.size = UInt32(size)
        plain.bytes = event.bytes.prefix(BinlogEvent.Header.byteCount + kept) + text
        plain.bytes[4] = plainType
        plain.bytes.replaceSubrange(9..<13, with: Self.littleEndian(plain.header.size))
        if event.checksumBytes == 4 { plain.bytes += Self.littleEndian(CRC32.checksum(plain.bytes)) }
        plain.content = try content(plain)
        return plain
    }

    private static let plainRows = [
        EventType.writeRowsV1, EventType.updateRowsV1, EventType.deleteRowsV1, EventType.writeRows,
        EventType.updateRows, EventType.deleteRows,
    ]

    /// How many bytes of the body stand before what is compressed.
    ///
    /// Of a statement all before its text. Of rows the fixed part (with the length of further data in it, in version 2),
    /// the number of columns, and a bit for each, twice for updates.
    private func plainBytes(_ event: BinlogEvent) throws(BinlogError) -> Int {
        let body = event.body
        var reader = ByteReader(body)
        switch event.header.type {
        case EventType.queryCompressed:
            try reader.skip(8)
            let name = Int(try reader.uint8())
            try reader.skip(2)
            try reader.skip(Int(try reader.uint16()))
            try reader.skip(name + 1)
        case let type:
            try reader.skip(8)
            let index = type - EventType.compressedRows.lowerBound
            if index >= 3 {
                let extra = Int(try reader.uint16())
                guard extra >= 2 else { throw .malformed("the further data of rows have no length") }
                try reader.skip(extra - 2)
            }
            let columns = try Self.packed(&reader)
            guard columns <= 4_096 else { throw .malformed("a table has \(columns) columns") }
            try reader.skip((columns + 7) / 8 * (index % 3 == 1 ? 2 : 1))
        }
        return body.count - reader.remaining
    }

    /// A length as in `net_field_length`: one byte up to 250, or a mark and two, three, or eight bytes.
    private static func packed(_ reader: inout ByteReader) throws(BinlogError) -> Int {
        let width: Int
        switch try reader.uint8() {
        case let byte where byte <= 250: return Int(byte)
        case 252: width = 2
        case 253: width = 3
        case 254: width = 8
        default: throw .malformed("a number has no length")
        }
        return Int(clamping: try reader.integer(width))
    }

    /// u8: the highest bit set, the kind in three bits, how many bytes the size has; the size, its highest byte first;
    /// the stream. `binlog_buf_compress` in MariaDB's sql/log_event.cc.
    private static func decompressed(_ bytes: ArraySlice<UInt8>) throws(BinlogError) -> [UInt8] {
        var reader = ByteReader(bytes)
        let mark = try reader.uint8()
        guard mark & 0x80 != 0 else { throw .malformed("a compressed event is not compressed") }
        guard mark & 0x70 == 0 else { throw .unsupported("events compressed in way \(mark >> 4 & 7)") }
        let width = Int(mark & 0x0F)
        guard (1...4).contains(width) else { throw .malformed("a compressed event has no size") }
        let size = try reader.take(width).reduce(0) { $0 << 8 | Int($1) }
        return try Inflate.zlib(reader.rest(), size: size)
    }

    private static func littleEndian(_ value: UInt32) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    }
}
