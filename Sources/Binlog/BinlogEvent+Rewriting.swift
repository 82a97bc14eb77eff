/// Events as they are given to another server: each change makes size and checksum right again.
extension BinlogEvent {
    /// A table map that names another database; nil for any other event, and a name that is too long for one.
    package func renamed(to database: String) -> BinlogEvent? {
        guard case .tableMap(let id, let old, let table) = content else { return nil }
        let (oldName, newName) = (Array(old.utf8), Array(database.utf8))
        guard newName.count <= 250 else { return nil }
        // Behind six bytes of id and two of flags: the length, the name, a zero.
        let start = Header.byteCount + 8
        var event = self
        event.bytes.replaceSubrange(
            start..<start + 1 + oldName.count, with: [UInt8(newName.count)] + newName)
        event.content = .tableMap(id: id, database: database, table: table)
        event.seal()
        return event
    }

    /// A rows event that ends its statement, or does not: STMT_END_F is the lowest bit of the flags behind the table's id.
    package func endingStatement(_ ends: Bool) -> BinlogEvent {
        guard case .rows(let kind, let table, let wasEnd, let isCompressed) = content, wasEnd != ends else {
            return self
        }
        var event = self
        let index = Header.byteCount + 6
        event.bytes[index] = ends ? event.bytes[index] | 1 : event.bytes[index] & ~1
        event.content = .rows(kind, table: table, endsStatement: ends, isCompressed: isCompressed)
        event.seal()
        return event
    }

    /// With a checksum, as the events of a log that has them; those in a compressed payload have none.
    package func checksummed() -> BinlogEvent {
        guard checksumBytes == 0 else { return self }
        var event = self
        event.bytes += [0, 0, 0, 0]
        event.checksumBytes = 4
        event.seal()
        return event
    }

    private mutating func seal() {
        header.size = UInt32(bytes.count)
        for index in 0..<4 { bytes[9 + index] = UInt8(truncatingIfNeeded: header.size >> (8 * index)) }
        guard checksumBytes == 4 else { return }
        let checksum = CRC32.checksum(bytes.dropLast(4))
        for index in 0..<4 { bytes[bytes.count - 4 + index] = UInt8(truncatingIfNeeded: checksum >> (8 * index)) }
    }
}

extension BinlogParser {
    /// For the events in a compressed payload, which have no checksums.
    package func withoutChecksums() -> BinlogParser {
        var parser = self
        parser.hasChecksums = false
        return parser
    }

    package var expectsChecksums: Bool { hasChecksums ?? false }
}
