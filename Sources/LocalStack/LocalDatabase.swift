internal import DatabaseServers
internal import Foundation
internal import RecoveryCore
internal import Topology

/// The database server of a local store, decided before it is started: its folder, what it is told, and what it does
/// first. Pure but for the names of the programs.
struct LocalDatabase: Sendable, Equatable {
    /// The programs of MariaDB on this machine.
    struct Programs: Sendable, Equatable {
        var server: String
        /// What makes an empty data directory.
        var installer: String

        /// - Throws: `StackError`, `program_missing`.
        static func find() throws(StackError) -> Self {
            let places = DatabasePrograms()
            let server = places.candidates(for: .mariadb).first { $0.hasSuffix("/mariadbd") }
            guard let server, let installer = places.installer(for: server) else {
                throw StackError(
                    "program_missing", "mariadbd is not installed, and the topology has a `mysql` section",
                    hint: "on Debian: apt-get install -y mariadb-server")
            }
            return Self(server: server, installer: installer)
        }
    }

    var node: String
    var directory: String
    var socket: String
    /// What it runs first, at each start: holds the password, so its owner alone reads it.
    var firstStatementsFile: String

    /// It follows the primary, and takes writes from nobody else.
    var follows: Bool

    init(_ node: String, _ state: StateDirectory, follows: Bool = false) {
        self.node = node
        self.follows = follows
        directory = "\(state.hosts)/\(node)/mysql"
        socket = state.socket(of: node)
        firstStatementsFile = state.secretFile("mysql-first.sql")
    }

    var data: String { directory + "/data" }
    /// The data directory while it is being made.
    var unfinishedData: String { directory + "/data.new" }
    var temporary: String { directory + "/tmp" }
    /// Holds what is drawn with each data directory.
    var optionFile: String { directory + "/server.cnf" }

    /// As whoever runs the store, also when that is root: no other user may enter the state directory.
    private func place(_ data: String) -> [String] {
        ["--user=\(NSUserName())", "--datadir=\(data)", "--tmpdir=\(temporary)"]
    }

    func initialisation(_ programs: Programs) -> (program: String, arguments: [String])? {
        DatabasePrograms().initialisation(of: programs.server, .mariadb, ["--no-defaults"] + place(unfinishedData))
    }

    /// The server's arguments: what is committed is on the disk, and the binary log can be replayed to any transaction.
    func arguments(address: String, port: Int) -> [String] {
        ["--defaults-file=\(optionFile)"] + place(data) + [
            "--socket=\(socket)", "--pid-file=\(directory)/pid", "--bind-address=\(address)", "--port=\(port)",
            "--init-file=\(firstStatementsFile)", "--skip-name-resolve", "--skip-ssl", "--local-infile=0",
            "--secure-file-priv=\(temporary)", "--character-set-server=utf8mb4", "--max-allowed-packet=64M",
            "--innodb-buffer-pool-size=128M", "--innodb-flush-log-at-trx-commit=1", "--performance-schema=OFF",
            "--log-bin=binlog", "--sync-binlog=1", "--binlog-format=ROW", "--binlog-row-image=FULL",
            "--gtid-strict-mode=ON", "--binlog-expire-logs-seconds=604800",
        ] + (follows ? ["--read-only=ON", "--log-slave-updates", "--relay-log=relay"] : [])
    }

    /// What makes a server follow another one from wherever it is. What it is told is kept in its data directory.
    static func following(host: String, port: Int, user: String, password: Secret) -> [String] {
        [
            "CHANGE MASTER TO MASTER_HOST = \(text(host)), MASTER_PORT = \(port), MASTER_USER = \(text(user)), "
                + "MASTER_PASSWORD = \(text(password.reveal())), MASTER_USE_GTID = slave_pos, MASTER_CONNECT_RETRY = 1, "
                + "MASTER_HEARTBEAT_PERIOD = 1",
            "START SLAVE",
        ]
    }

    private static func text(_ value: String) -> String {
        "'" + value.replacing("\\", with: "\\\\").replacing("'", with: "''") + "'"
    }

    /// A transaction's name holds the number of the server that made it. One that starts anew, with an empty data
    /// directory, counts from 1 again: with the old number it would give old names to new transactions.
    static func options(serverID: UInt32) -> String { "[mariadbd]\nserver-id = \(serverID)\n" }

    /// What the server runs first, one statement a line, none of it in the binary log: there is the shop's database, and
    /// the account that backs it up and restores it. `root` comes through the unix socket alone.
    static func firstStatements(database: String, user: String, password: Secret) -> String {
        let account = "\(text(user))@'%'"
        return [
            "SET SESSION sql_log_bin = 0",
            "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost'",
            "FLUSH PRIVILEGES",
            "CREATE DATABASE IF NOT EXISTS `\(database.replacing("`", with: "``"))` CHARACTER SET utf8mb4",
            "CREATE USER IF NOT EXISTS \(account) IDENTIFIED BY \(text(password.reveal()))",
            "ALTER USER \(account) IDENTIFIED BY \(text(password.reveal()))",
            "GRANT ALL PRIVILEGES ON *.* TO \(account) WITH GRANT OPTION",
        ].map { $0 + ";\n" }.joined()
    }
}
