internal import RecoveryCore

extension MySQLConnection {
    /// How many seconds the server is behind its primary; nil when it has none, or one of its two threads stands still.
    ///
    /// `SHOW SLAVE STATUS` of MariaDB and `SHOW REPLICA STATUS` of MySQL, whose columns are named after the source.
    package func replicaLag() async throws -> Int? {
        let statement = server.family == .mariadb ? "SHOW SLAVE STATUS" : "SHOW REPLICA STATUS"
        let result = try await query(statement)
        let names = ["Seconds_Behind_Master", "Seconds_Behind_Source"]
        return names.lazy.compactMap { result.texts($0).first ?? nil }.first.flatMap { Int($0) }
    }

    /// Whether a primary was named to the server.
    package func isReplica() async throws -> Bool {
        let statement = server.family == .mariadb ? "SHOW SLAVE STATUS" : "SHOW REPLICA STATUS"
        return try await !query(statement).rows.isEmpty
    }
}
