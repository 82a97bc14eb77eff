import Testing

@testable import Binlog

@Suite struct BinlogParserTests {
    @Test func readsWhatServersWrite() throws {
        var events = Events()
        var parser = BinlogParser()
        let format = try parser.parse(events.formatDescription(version: "10.11.6-MariaDB-log"))
        #expect(format.content == .formatDescription(version: "10.11.6-MariaDB-log"))
        let gtid = try parser.parse(events.mysqlGTID(23, committedAt: 1_700_000_000_123_456 | 1 << 55))
        #expect(
            gtid.content
                == .gtid(
                    .init(
                        gtid: try GTID("abababab-abab-abab-abab-abababababab:23"), isStandalone: false,
                        committedAt: 1_700_000_000_123_456)))
        let other = try parser.parse(events.mariadbGTID(4711, domain: 3, isStandalone: true))
        #expect(other.content == .gtid(.init(gtid: try GTID("3-7-4711"), isStandalone: true)))
        let query = try parser.parse(events.query("DROP TABLE a", variables: [0, 1, 0, 0, 0]))
        guard case .query(let content) = query.content else { throw Unexpected() }
        #expect(content.database == "shop")
        #expect(content.statusVariables == [0, 1, 0, 0, 0])
        #expect(content.is("DROP TABLE a") && content.begins(with: "DROP") && !content.is("DROP"))
        let map = try parser.parse(events.tableMap("shop", "wp_posts", id: 0x01_02_03_04_05_06))
        #expect(map.content == .tableMap(id: 0x01_02_03_04_05_06, database: "shop", table: "wp_posts"))
        let rows = try parser.parse(events.writeRows(endsStatement: false))
        #expect(rows.content == .rows(.write, table: 108, endsStatement: false, isCompressed: false))
        #expect(rows.checksumBytes == 4 && rows.body.count == rows.bytes.count - 23)
    }

    private struct Unexpected: Error {}

    @Test func aLogWithoutChecksumsHasOneOnItsFormatAlone() throws {
        var events = Events(hasChecksums: false)
        var parser = BinlogParser()
        #expect(try parser.parse(events.formatDescription()).checksumBytes == 4)
        #expect(try parser.parse(events.xid()).checksumBytes == 0)
    }

    /// A server marks the file that it writes to after the checksum was made.
    @Test func theMarkOfAnOpenFileIsNoDamage() throws {
        var events = Events()
        var bytes = events.formatDescription()
        bytes[17] |= 1
        var parser = BinlogParser()
        #expect(throws: Never.self) { try parser.parse(bytes) }
    }

    @Test func theRotateBeforeTheFormatIsReadWithAndWithoutItsChecksum() throws {
        for hasChecksums in [true, false] {
            var events = Events(hasChecksums: hasChecksums)
            var parser = BinlogParser()
            let rotate = events.event(EventType.rotate, Events.little(4, 8) + Array("binlog.000007".utf8))
            #expect(try parser.parse(rotate).content == .rotate(file: "binlog.000007", position: 4))
        }
    }

    @Test func everyChangedByteIsNoticed() throws {
        var events = Events()
        var parser = BinlogParser()
        _ = try parser.parse(events.formatDescription())
        let bytes = events.tableMap("shop", "wp_posts")
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 0x10
            #expect(throws: BinlogError.self) { try parser.parse(changed) }
        }
    }

    /// Whatever is in an event with a right checksum: an error at the worst.
    @Test func noEventTraps() throws {
        var random = SystemRandomNumberGenerator()
        for type in UInt8(1)...200 where type != EventType.formatDescription {
            for _ in 0..<60 {
                var events = Events()
                var parser = BinlogParser()
                _ = try parser.parse(events.formatDescription())
                let body = (0..<Int.random(in: 0...60, using: &random)).map { _ in
                    UInt8.random(in: 0...255, using: &random)
                }
                _ = try? parser.parse(events.event(type, body))
            }
        }
        for length in 0..<120 {
            var events = Events()
            var parser = BinlogParser()
            let body = [4, 0] + (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) }
            _ = try? parser.parse(events.event(EventType.formatDescription, body))
        }
    }

    @Test func aCutEventIsNone() throws {
        var events = Events()
        var parser = BinlogParser()
        let bytes = events.formatDescription()
        for count in bytes.indices {
            #expect(throws: BinlogError.self) { try parser.parse(Array(bytes.prefix(count))) }
        }
    }

    /// The check value of the CRC catalogue.
    @Test func checksumsAreThoseOfZlib() { #expect(CRC32.checksum("123456789".utf8) == 0xCBF4_3926) }
}
