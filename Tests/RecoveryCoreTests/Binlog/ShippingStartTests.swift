import Binlog
import RecoveryCore
import Testing

@Suite struct ShippingStartTests {
    private static let uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
    private static let other = "4e11fa47-71ca-11e1-9e33-c80aa9429562"

    private static func mysql(_ text: String) throws -> GTIDState {
        try GTIDState(text.replacing("A", with: uuid).replacing("B", with: other), family: .mysql)
    }

    @Test(
        arguments: [
            // end, backup, executed, purged, decision
            ("A:1-9", nil, "A:1-20", "A:1-5", "go on"),
            ("A:1-9", nil, "A:1-9", "", "go on"),
            // A server that took over writes under a name of its own.
            ("A:1-9", nil, "A:1-9,B:1-3", "", "go on"),
            ("A:1-9", nil, "A:1-20", "A:1-10", "purged"),
            ("A:1-9", nil, "A:1-20,B:1-5", "B:1-2", "purged"),
            // It lacks the last transaction that was shipped.
            ("A:1-9", nil, "A:1-8,B:1-3", "", "diverged"),
            ("A:1-9", "A:1-12", "A:1-8", "", "diverged"),
            (nil, "A:1-9", "A:1-20", "A:1-5", "go on"),
            (nil, "A:1-9", "A:1-20", "A:1-15", "first"),
            (nil, "A:1-9", "B:1-20", "", "first"),
            (nil, nil, "A:1-20", "", "first"),
            (nil, nil, "", "", "first"),
        ] as [(String?, String?, String, String, String)])
    func ofMySQL(end: String?, backup: String?, executed: String, purged: String, expected: String) throws {
        let decision = ShippingStart.decide(
            end: try end.map(Self.mysql), backup: try backup.map(Self.mysql), executed: try Self.mysql(executed),
            purged: try Self.mysql(purged))
        switch decision {
        case .goOn(let state):
            #expect(expected == "go on")
            #expect(state == (try (end ?? backup).map(Self.mysql)))
        case .anew(let gap, let state):
            #expect(gap.rawValue == expected)
            #expect(state == (try Self.mysql(executed)))
        }
    }

    @Test func ofMariaDB() throws {
        func state(_ text: String) throws -> GTIDState { try GTIDState(text, family: .mariadb) }
        func decide(_ end: String, _ executed: String) throws -> ShippingStart {
            ShippingStart.decide(end: try state(end), backup: nil, executed: try state(executed), purged: nil)
        }
        #expect(try decide("0-1-9", "0-2-12") == .goOn(after: try state("0-1-9")))
        #expect(try decide("0-1-9", "0-1-8") == .anew(.diverged, after: try state("0-1-8")))
        #expect(try decide("0-1-9,1-1-3", "0-1-9") == .anew(.diverged, after: try state("0-1-9")))
    }

    /// A server of the other family has another history.
    @Test func familiesAreNotMixed() throws {
        let decision = ShippingStart.decide(
            end: try GTIDState("0-1-9", family: .mariadb), backup: nil, executed: try Self.mysql("A:1"), purged: nil)
        #expect(decision == .anew(.diverged, after: try Self.mysql("A:1")))
    }

    @Test func segmentsEndByTimeAndBySize() {
        let rhythm = ShippingRhythm(interval: .seconds(1), mostBytes: 100)
        #expect(!rhythm.isDue(age: nil, bytes: 0))
        #expect(!rhythm.isDue(age: .milliseconds(999), bytes: 99))
        #expect(rhythm.isDue(age: .seconds(1), bytes: 1))
        #expect(rhythm.isDue(age: .zero, bytes: 100))
    }

    @Test func pausesGrowToFiveSeconds() {
        #expect(ShippingRhythm.pause(after: 1) == .milliseconds(100))
        #expect(ShippingRhythm.pause(after: 4) == .milliseconds(800))
        #expect(ShippingRhythm.pause(after: 1_000) == .seconds(5))
    }
}
