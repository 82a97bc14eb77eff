import BackupEngine
import LoopbackServers
import MySQLClient
import RecoveryCore
import Testing
import Topology

extension BackupTests {
    /// What a backup knows about the shop in it.
    @Suite struct Shops {
        private static func withShop(
            _ flavour: LoopbackDatabase.Flavour, _ body: (MySQLConnection, MySQLSettings) async throws -> Void
        ) async throws {
            try await Databases.server(flavour).withDatabase { connection, settings in
                for statement in ShopSchema.statements { _ = try await connection.query(statement) }
                try await body(connection, settings)
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func itsFiguresAreThoseOfTheSnapshot(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withShop(flavour) { connection, settings in
                // An order that comes while the rows are being read is in neither.
                let destination = MemoryDestination { name in
                    guard name.contains("wp_wc_orders") else { return }
                    try await MySQLConnection.with(settings) { shopper in
                        _ = try await shopper.query(
                            "INSERT INTO wp_wc_orders (id, type, total_amount) VALUES (9999, 'shop_order', 1)")
                    }
                }
                let manifest = try await BackupTests.dump(settings, to: destination)
                #expect(manifest.checks == ShopSchema.figures)
                #expect(manifest.tables.first { $0.name == "wp_wc_orders" }?.rows == 105)
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func tablesWithoutRowsAreNotCounted(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withShop(flavour) { _, settings in
                let options = BackupTests.options { $0.schemaOnly = [.pattern(TablePattern("wp_2_posts"))] }
                let manifest = try await BackupTests.dump(settings, to: MemoryDestination(), options)
                #expect(manifest.checks == ShopSchema.figures.filter { $0.key.hasPrefix("wp_/") })
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func jobsAreHeldAndReleasedToTheSecond(flavour: LoopbackDatabase.Flavour) async throws {
            try await Self.withShop(flavour) { connection, settings in
                let all = "SELECT * FROM \(ShopSchema.actions) ORDER BY action_id"
                // What Action Scheduler's runner asks for.
                let due = """
                    SELECT COUNT(*) FROM \(ShopSchema.actions) WHERE status = 'pending'
                    AND scheduled_date_gmt <= '2030-01-01 00:00:00'
                    """
                let before = try await connection.query(all)
                #expect(try await connection.query(due).text() == "3")
                let hold = ActionSchedulerHold(settings)
                #expect(try await hold.hold() == [.init(table: ShopSchema.actions, actions: 3)])
                #expect(try await connection.query(due).text() == "0")
                #expect(try await hold.hold().map(\.actions) == [0], "held twice")
                let pending = "SELECT COUNT(*) FROM \(ShopSchema.actions) WHERE status = 'pending'"
                #expect(try await connection.query(pending).text() == "4", "plugins would schedule them anew")
                #expect(try await hold.release().map(\.actions) == [3])
                #expect(try await connection.query(all).rows == before.rows)
            }
        }
    }
}
