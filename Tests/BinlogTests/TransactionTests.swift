import Testing

@testable import Binlog

@Suite struct TransactionTests {
    private static func transactions(_ list: [[UInt8]]) throws -> [(String, Int)] {
        var parser = BinlogParser()
        var assembler = TransactionAssembler()
        return try list.compactMap { try assembler.add(try parser.parse($0)) }.map {
            ("\($0.gtid)".split(separator: ":").last.map(String.init) ?? "", $0.events.count)
        }
    }

    private static func expect(
        _ list: [[UInt8]], _ expected: [(String, Int)], _ location: SourceLocation = #_sourceLocation
    ) throws {
        let found = try transactions(list)
        #expect(found.map(\.0) == expected.map(\.0), sourceLocation: location)
        #expect(found.map(\.1) == expected.map(\.1), sourceLocation: location)
    }

    @Test func ofMySQL() throws {
        var e = Events()
        try Self.expect(
            [
                e.formatDescription(), e.event(EventType.previousGTIDs, [0, 0, 0, 0, 0, 0, 0, 0]),
                e.mysqlGTID(1), e.query("BEGIN"), e.tableMap("shop", "a"), e.writeRows(), e.xid(),
                e.mysqlGTID(2), e.query("CREATE TABLE b (c INT)"),
                e.mysqlGTID(3), e.query("BEGIN"), e.query("SAVEPOINT `s`"), e.query("ROLLBACK TO `s`"),
                e.query("COMMIT"),
                e.mysqlGTID(4), e.event(EventType.userVar, [1, 0, 0, 0, 65, 1]), e.query("CREATE TABLE d SELECT @a"),
                e.mysqlGTID(5), e.query("XA START X'61',X'',1"), e.query("XA END X'61',X'',1"),
                e.event(EventType.xaPrepare, [0, 1, 0, 0, 0]),
                e.mysqlGTID(6), e.query("XA COMMIT X'61',X'',1"),
                e.mysqlGTID(7), e.event(EventType.transactionPayload, [0]),
            ],
            [("1", 5), ("2", 2), ("3", 5), ("4", 3), ("5", 4), ("6", 2), ("7", 2)])
    }

    @Test func ofMariaDB() throws {
        var e = Events()
        try Self.expect(
            [
                e.formatDescription(version: "10.11.6-MariaDB"), e.event(EventType.mariadbGTIDList, [0, 0, 0, 0]),
                e.event(EventType.binlogCheckpoint, [0, 0, 0, 0]),
                e.mariadbGTID(1), e.event(EventType.annotateRows, [65]), e.tableMap("shop", "a"), e.writeRows(),
                e.event(EventType.binlogCheckpoint, [0, 0, 0, 0]), e.xid(),
                e.mariadbGTID(2, isStandalone: true), e.query("DROP TABLE b"),
                e.mariadbGTID(3), e.query("INSERT INTO a VALUES (1)"), e.query("COMMIT"),
                e.mariadbGTID(4), e.event(EventType.intVar, [2] + Events.little(9, 8)),
                e.query("INSERT INTO a VALUES (NULL)"), e.query("ROLLBACK"),
                e.mariadbGTID(5, isStandalone: true), e.event(EventType.intVar, [2] + Events.little(9, 8)),
                e.query("INSERT INTO myisam VALUES (NULL)"),
            ],
            [("0-7-1", 5), ("0-7-2", 2), ("0-7-3", 3), ("0-7-4", 4), ("0-7-5", 3)])
    }

    /// A server that was killed begins a new file; the half of a transaction at the end of the old one never happened.
    @Test func whatNeverEndedIsNone() throws {
        var e = Events()
        try Self.expect(
            [
                e.formatDescription(), e.mysqlGTID(1), e.query("BEGIN"), e.tableMap("shop", "a"), e.writeRows(),
                e.formatDescription(), e.mysqlGTID(1), e.query("BEGIN"), e.tableMap("shop", "a"), e.xid(),
            ],
            [("1", 4)])
    }

    @Test func theTimeIsTheMostExactOne() throws {
        var e = Events()
        var parser = BinlogParser()
        var assembler = TransactionAssembler()
        let list = [
            e.formatDescription(), e.mysqlGTID(1, committedAt: 1_700_000_009_000_001), e.query("BEGIN"),
            e.xid(at: 1_700_000_008), e.mariadbGTID(2), e.xid(at: 1_700_000_012),
        ]
        let times = try list.compactMap { try assembler.add(try parser.parse($0))?.committedAt }
        #expect(times == [1_700_000_009_000_001, 1_700_000_012_000_000])
    }

    @Test func whatIsInNoTransactionIsAnError() throws {
        var e = Events()
        let format = e.formatDescription()
        let bad: [[UInt8]] = [
            e.writeRows(), e.query("DROP TABLE a"), e.xid(), e.event(EventType.incident, [1, 0]),
            e.event(EventType.anonymousGTID, [UInt8](repeating: 0, count: 42)),
        ]
        for bytes in bad {
            #expect(throws: BinlogError.self) { try Self.transactions([format, bytes]) }
        }
    }
}
