import Age
import BackupEngine
import Binlog
import Foundation
import LoopbackServers
import MySQLClient
import ObjectStore
import RecoveryCore
import Synchronization
import Testing
import Topology

/// What becomes of the log when the server it is read from dies.
@Suite(.serialized) struct ShipperLossTests {
    typealias Flavour = LoopbackDatabase.Flavour

    private final class Events: Sendable {
        private let all = Mutex<[ShippingEvent]>([])
        func add(_ event: ShippingEvent) { all.withLock { $0.append(event) } }
        var gaps: [ShippingStart.Gap] {
            all.withLock { $0 }.compactMap { if case .gap(let gap) = $0 { gap } else { nil } }
        }
        var starts: Int {
            all.withLock { $0 }.count { if case .started = $0 { true } else { false } }
        }
    }

    private static func shipper(
        _ settings: MySQLSettings, _ store: any ObjectStore, every interval: Duration, _ events: Events
    ) -> BinlogShipper {
        var options = BinlogShipper.Options(recipients: [BackupTests.identity.recipient])
        options.rhythm = ShippingRhythm(interval: interval)
        return BinlogShipper(
            settings, database: LoggedShop.name,
            shelf: SegmentShelf(
                database: LoggedShop.name, places: [.init(name: "memory", store: store, isRequired: true)], needed: 1),
            options: options, newestBackup: { nil }, report: { events.add($0) })
    }

    /// A segment waits for others, and its server is killed: what had come whole is stored, without that server.
    @Test(.timeLimit(.minutes(2)), arguments: [Flavour.mariadb, .mysql])
    func whatHasComeIsStoredWhenTheServerDies(flavour: Flavour) async throws {
        let store = MemoryStore()
        let shop = try LoggedShop(flavour, store: store)
        try await shop.server.run("CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)")
        let (events, stop) = (Events(), StopSignal())
        let shipper = Self.shipper(shop.settings, store, every: .seconds(600), events)
        let before = Date()
        try await withThrowingTaskGroup { group in
            group.addTask { try await shipper.run(until: stop) }
            try await eventually("the shipper follows") { events.starts > 0 }
            try await shop.run((1...20).map { "INSERT INTO t VALUES (\($0))" })
            let wanted = try await Self.position(of: shop)
            // It has read them all, and stored none: its segment waits for ten minutes.
            try await Task.sleep(for: .seconds(1))
            #expect(try await ShippedLog(of: LoggedShop.name, in: [store]).segments.isEmpty)
            shop.server.process.signal(SIGKILL)
            try await eventually("what it had read is stored") {
                try await ShippedLog(of: LoggedShop.name, in: [store]).segments.last?.toState?.isSuperset(of: wanted)
                    == true
            }
            #expect(Date().timeIntervalSince(before) < 300)
            stop.set()
            group.cancelAll()
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is CancellationError) { throw error }
            }
        }
    }

    /// The beginning of a chain is told once, with a backup behind it; a connection that is lost before the first segment
    /// must not move it.
    @Test(.timeLimit(.minutes(2)), arguments: [Flavour.mariadb, .mysql])
    func aChainBeginsWhereItWasSaidTo(flavour: Flavour) async throws {
        let store = MemoryStore()
        let shop = try LoggedShop(flavour, store: store)
        try await shop.server.run("CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)")
        let (events, stop) = (Events(), StopSignal())
        let shipper = Self.shipper(shop.settings, store, every: .milliseconds(200), events)
        let begin = try await Self.position(of: shop)
        try await withThrowingTaskGroup { group in
            group.addTask { try await shipper.run(until: stop) }
            try await eventually("the shipper follows") { events.starts > 0 }
            // Its connection is cut, and before it is back something is committed.
            try await MySQLConnection.with(shop.settings) { connection in
                let shown = try await connection.query("SHOW PROCESSLIST")
                for row in shown.rows.indices where shown.text(row, 4)?.hasPrefix("Binlog Dump") == true {
                    _ = try await connection.query("KILL \(shown.text(row, 0) ?? "")")
                }
                _ = try await connection.query("INSERT INTO t VALUES (1)")
            }
            try await eventually("it is stored") {
                try await !ShippedLog(of: LoggedShop.name, in: [store]).segments.isEmpty
            }
            stop.set()
            try await group.waitForAll()
        }
        let first = try #require(try await ShippedLog(of: LoggedShop.name, in: [store]).segments.first)
        #expect(first.fromState == begin)
        #expect(events.gaps == [.first])
        #expect(events.starts > 1)
    }

    private static func position(of shop: LoggedShop) async throws -> GTIDState {
        try await MySQLConnection.with(shop.settings) { connection in
            let isMariaDB = await connection.server.family == .mariadb
            let text = try await connection.query(
                isMariaDB ? "SELECT @@gtid_binlog_pos" : "SELECT @@gtid_executed"
            ).text()
            return try GTIDState(
                (text ?? "").replacing("\n", with: ""), family: isMariaDB ? .mariadb : .mysql)
        }
    }
}
