internal import Foundation
package import MySQLClient
internal import Processes
internal import RedisClient
internal import Topology

/// The database server among a stack's processes.
extension LocalStack {
    /// How the database is reached, as the account that backs it up; nil without a `mysql` section.
    package var database: StackManifest.Database? { manifestNow.database }

    /// Where the database server keeps its data.
    package var databaseDirectory: String? { plan.database?.data }

    /// Makes an empty data directory for each database server that has none. Only ever on demand: a server that came up
    /// empty by itself would look like a shop without orders.
    ///
    /// - Throws: `StackError` with the end of the log.
    package func prepareDatabase() async throws {
        for database in [plan.database].compactMap(\.self) + plan.replicas { try await prepare(database) }
    }

    private func prepare(_ database: LocalDatabase) async throws {
        guard let programs = plan.databasePrograms, !FileManager.default.fileExists(atPath: database.data) else {
            return
        }
        for directory in [database.directory, database.temporary] { try StateDirectory.makeDirectory(directory) }
        // What an earlier attempt left half-way.
        try? FileManager.default.removeItem(atPath: database.unfinishedData)
        try StateDirectory.write(
            LocalDatabase.options(serverID: .random(in: 1 ... .max)), to: database.optionFile)
        guard let (program, arguments) = database.initialisation(programs) else {
            throw StackError("program_missing", "mariadb-install-db is not installed")
        }
        try await toEnd(
            of: "\(database.node)-data", program, arguments,
            or: StackError("database_not_made", "the data directory of \(database.node) could not be made"))
        guard rename(database.unfinishedData, database.data) == 0 else {
            throw StackError.system("database_not_made", "\(database.data) could not be made", errno)
        }
    }

    /// A server without its data is not started.
    func checkData(of member: StackPlan.Member) throws(StackError) {
        guard let data = plan.database(of: member.name)?.data else { return }
        guard FileManager.default.fileExists(atPath: data) else {
            throw StackError(
                "no_data", "\(member.name) has lost its data directory \(data)",
                hint: "`breakwater down` and `up` start it empty; then `breakwater restore`")
        }
    }

    func databaseTrouble() async -> String? {
        guard let database, let settings = database.settings(reading: .seconds(5)) else { return nil }
        guard await settings.answers() else { return "\(database.node) does not answer" }
        for replica in plan.replicas {
            guard let settings = replicaSettings(replica.node) else { return "\(replica.node) has no address" }
            guard await settings.answers() else { return "\(replica.node) does not answer" }
        }
        return nil
    }

    func replicaTrouble() async -> String? {
        for replica in plan.replicas {
            guard let settings = replicaSettings(replica.node) else { return "\(replica.node) has no address" }
            guard await settings.lag() != nil else { return "\(replica.node) does not follow its primary" }
        }
        return nil
    }

    /// Names the primary to the replicas that know none. What they were told once, they keep.
    func startReplication() async throws {
        guard let primary = database?.settings(), let password = primary.password, let user = primary.address.user
        else {
            return
        }
        for replica in plan.replicas {
            guard let settings = replicaSettings(replica.node) else { continue }
            do {
                try await MySQLConnection.with(settings) { connection in
                    guard try await !connection.isReplica() else { return }
                    let statements = LocalDatabase.following(
                        host: primary.address.host, port: primary.address.port, user: user, password: password)
                    for statement in statements { _ = try await connection.query(statement) }
                }
            } catch let error as MySQLError {
                throw StackError(
                    "no_replication", "\(replica.node) cannot be made to follow its primary", cause: "\(error)")
            }
        }
    }

    private func replicaSettings(_ name: String) -> MySQLSettings? {
        guard let member = plan.members(.database).first(where: { $0.name == name }) else { return nil }
        return database?.settings(at: member.endpoint.description, reading: .seconds(5))
    }
}

extension MySQLSettings {
    /// Whether a server takes the account and runs a statement.
    func answers() async -> Bool {
        let result = try? await MySQLConnection.with(self) { try await $0.query("SELECT 1").text() }
        return result == "1"
    }

    /// How many seconds a replica is behind; nil when it does not follow, or does not answer.
    func lag() async -> Int? {
        let lag = try? await MySQLConnection.with(self) { try await $0.replicaLag() }
        return lag ?? nil
    }
}

extension StackManifest.Database {
    /// For a connection; nil when the password cannot be read.
    package func settings(reading limit: Duration = .seconds(1800)) -> MySQLSettings? {
        settings(at: address, reading: limit)
    }

    /// The same for another of the servers, `HOST:PORT`.
    package func settings(at address: String, reading limit: Duration) -> MySQLSettings? {
        guard let text = StateDirectory.read(passwordFile), let port = Int(address.split(separator: ":").last ?? "")
        else { return nil }
        var place = MySQLAddress(host: String(address.split(separator: ":").first ?? ""), port: port)
        (place.user, place.tls) = (user, .off)
        var settings = MySQLSettings(address: place, password: Secret(text.trimmingCharacters(in: .newlines)))
        settings.connectTimeout = .seconds(2)
        settings.readTimeout = limit
        return settings
    }
}
