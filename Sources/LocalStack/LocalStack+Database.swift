internal import Foundation
package import MySQLClient
internal import Processes
internal import Topology

/// The database server among a stack's processes.
extension LocalStack {
    /// How the database is reached, as the account that backs it up; nil without a `mysql` section.
    package var database: StackManifest.Database? { manifestNow.database }

    /// Where the database server keeps its data.
    package var databaseDirectory: String? { plan.database?.data }

    /// Makes an empty data directory for the database server, unless it has one. Only ever on demand: a server that came
    /// up empty by itself would look like a shop without orders.
    ///
    /// - Throws: `StackError` with the end of the log.
    package func prepareDatabase() async throws {
        guard let database = plan.database, let programs = plan.databasePrograms,
            !FileManager.default.fileExists(atPath: database.data)
        else { return }
        for directory in [database.directory, database.temporary] { try StateDirectory.makeDirectory(directory) }
        // What an earlier attempt left half-way.
        try? FileManager.default.removeItem(atPath: database.unfinishedData)
        try StateDirectory.write(
            LocalDatabase.options(serverID: .random(in: 1 ... .max)), to: database.optionFile)
        guard let (program, arguments) = database.initialisation(programs) else {
            throw StackError("program_missing", "mariadb-install-db is not installed")
        }
        let (name, log) = ("\(database.node)-data", state.log(of: "\(database.node)-data"))
        _ = try StackError.translating { () throws(ProcessError) in
            try supervisor.start(name, executable: program, arguments: arguments, log: log)
        }
        await withTaskCancellationHandler {
            await supervisor.ended(name)
        } onCancel: {
            supervisor.signal(name, SIGKILL)
        }
        try Task.checkCancellation()
        guard let exit = supervisor.lastExit(of: name), exit.signal == nil, exit.code == 0,
            rename(database.unfinishedData, database.data) == 0
        else {
            throw StackError(
                "database_not_made", "the database server's data directory could not be made",
                hint: "its log is \(log)", cause: Self.tail(of: log))
        }
    }

    /// A server without its data is not started.
    func checkData(of member: StackPlan.Member) throws(StackError) {
        guard member.kind == .database, let data = plan.database?.data else { return }
        guard FileManager.default.fileExists(atPath: data) else {
            throw StackError(
                "no_data", "\(member.name) has lost its data directory \(data)",
                hint: "`breakwater down` and `up` start it empty; then `breakwater restore`")
        }
    }

    func databaseTrouble() async -> String? {
        guard let database, let settings = database.settings(reading: .seconds(5)) else { return nil }
        return await settings.answers() ? nil : "\(database.node) does not answer"
    }
}

extension MySQLSettings {
    /// Whether a server takes the account and runs a statement.
    func answers() async -> Bool {
        let result = try? await MySQLConnection.with(self) { try await $0.query("SELECT 1").text() }
        return result == "1"
    }
}

extension StackManifest.Database {
    /// For a connection; nil when the password cannot be read.
    package func settings(reading limit: Duration = .seconds(1800)) -> MySQLSettings? {
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
