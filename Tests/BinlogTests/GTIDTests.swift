import Testing

@testable import Binlog

@Suite struct GTIDTests {
    private static let a = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
    private static let b = "4e11fa47-71ca-11e1-9e33-c80aa9429562"

    @Test(arguments: [
        ("\(a):5", "\(a):5"),
        ("\(a):1-3:5:7-9", "\(a):1-3:5:7-9"),
        ("\(a):7-9:1-3:4", "\(a):1-4:7-9"),
        ("\(a):1-3,\n\(a):3-8", "\(a):1-8"),
        ("\(b):1, \(a.uppercased()):2", "\(a):2,\(b):1"),
        ("\(a):9-3", ""),
        ("", ""),
    ])
    func setsHaveOneForm(text: String, canonical: String) throws {
        #expect(try MySQLGTIDSet(text).description == canonical)
    }

    @Test(arguments: [
        "x:1", "\(a)", "\(a):", "\(a):0", "\(a):1-2-3", "\(a):-1", "\(a):1--2", "\(a):9223372036854775807",
    ])
    func whatIsNoSet(text: String) {
        #expect(throws: BinlogError.self) { try MySQLGTIDSet(text) }
    }

    @Test func tagsAreSaidToBeUnsupported() {
        #expect(throws: BinlogError.unsupported("GTIDs with tags")) { try MySQLGTIDSet("\(Self.a):1-3:red:1") }
    }

    @Test func setsContainAndCompare() throws {
        var set = try MySQLGTIDSet("\(Self.a):1-3:6")
        #expect(set.contains(MySQLGTID(source: Self.a, number: 6)))
        #expect(!set.contains(MySQLGTID(source: Self.a, number: 5)))
        #expect(!set.contains(MySQLGTID(source: Self.b, number: 1)))
        #expect(set.isSuperset(of: try MySQLGTIDSet("\(Self.a):2-3")))
        #expect(!set.isSuperset(of: try MySQLGTIDSet("\(Self.a):3-6")))
        #expect(set.isSuperset(of: MySQLGTIDSet()))
        for number in [5, 4, 8, 7] { set.insert(MySQLGTID(source: Self.a, number: Int64(number))) }
        #expect(set.description == "\(Self.a):1-8")
    }

    @Test func theirWireFormCountsUpToBehindTheLast() throws {
        let set = try MySQLGTIDSet("\(Self.a):1-3:6")
        let expected =
            Events.little(1, 8) + [0x3E, 0x11, 0xFA, 0x47, 0x71, 0xCA, 0x11, 0xE1, 0x9E, 0x33, 0xC8, 0x0A]
            + [0xA9, 0x42, 0x95, 0x62] + Events.little(2, 8)
        #expect(set.encoded == [1, 4, 6, 7].reduce(expected) { $0 + Events.little($1, 8) })
    }

    @Test func positionsKeepTheLastOfEachDomain() throws {
        var position = try MariaDBPosition("1-2-3,0-1-5")
        #expect(position.description == "0-1-5,1-2-3")
        position.insert(try MariaDBGTID("0-9-4"))
        #expect(position.description == "0-1-5,1-2-3")
        position.insert(try MariaDBGTID("0-9-6"))
        #expect(position.description == "0-9-6,1-2-3")
        #expect(position.contains(try MariaDBGTID("0-1-6")))
        #expect(!position.contains(try MariaDBGTID("2-1-1")))
        #expect(position.isSuperset(of: try MariaDBPosition("0-1-6")))
        #expect(!position.isSuperset(of: try MariaDBPosition("0-1-7")))
        #expect(!position.isSuperset(of: try MariaDBPosition("5-1-1")))
    }

    @Test(arguments: ["0-1", "0-1-2-3", "-1-2-3", "a-b-c", "4294967296-1-1", "0--1"])
    func whatIsNoPosition(text: String) {
        #expect(throws: BinlogError.self) { try MariaDBPosition(text) }
    }

    @Test func familiesDoNotMix() throws {
        let mysql = GTIDState.mysql(try MySQLGTIDSet("\(Self.a):1"))
        let mariadb = GTIDState.mariadb(MariaDBPosition())
        #expect(!mysql.isSuperset(of: mariadb) && !mariadb.isSuperset(of: mysql))
        #expect(!mysql.contains(try GTID("0-1-1")))
    }

    @Test func gtidsReadAsTheyAreWritten() throws {
        for text in ["\(Self.a):23", "0-1-4711"] { #expect(try GTID(text).description == text) }
        for text in ["", "x", "\(Self.a):1-2", "0-1"] {
            #expect(throws: BinlogError.self) { try GTID(text) }
        }
    }
}
