package import MySQLClient
internal import RecoveryCore

/// Whether a database is one that a shop can be opened on.
package struct ShopCheck: Sendable {
    private let settings: MySQLSettings

    /// The settings name the database.
    package init(_ settings: MySQLSettings) {
        self.settings = settings
    }

    /// What the shop would fail for; empty when nothing was found.
    /// - Throws: `MySQLError`, `CancellationError`.
    package func problems() async throws -> [String] {
        try await MySQLConnection.with(settings) { connection in
            var problems: [String] = []
            if try await connection.query("SELECT @@global.read_only").text() != "0" {
                problems.append("the server takes no writes (read_only)")
            }
            let sites = ShopSite.all(in: try await ShopReader(connection).columns())
            if sites.isEmpty { problems.append("there are no tables of WordPress") }
            for site in sites {
                for table in [ShopSite.Table.options, .users] where !site.tables.contains(table) {
                    // Sites of a network share their users.
                    if table == .users, sites.contains(where: { $0.tables.contains(.users) }) { continue }
                    problems.append("there is no table \(site.name(table))")
                }
                guard site.tables.contains(.options) else { continue }
                let address = try await connection.query(
                    "SELECT option_value FROM \(site.name(.options).sqlIdentifier) "
                        + "WHERE option_name = 'siteurl'"
                ).text()
                if address?.isEmpty ?? true { problems.append("\(site.name(.options)) has no siteurl") }
            }
            return problems
        }
    }
}
