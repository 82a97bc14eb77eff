internal import DatabaseServers
package import Foundation
internal import RecoveryCore

/// A MySQL or MariaDB of its own data directory, on two loopback addresses and a unix socket. There is the user `root`
/// without a password, who may come from everywhere.
package final class LoopbackDatabase: Sendable {
    package enum Flavour: String, Sendable, CaseIterable, CustomStringConvertible {
        /// What the operating system has installed.
        case mariadb
        /// MySQL 9 of Debian sid, see Scripts/debian-root.
        case mysql

        package var description: String { rawValue }
    }

    /// Paths of the PEM files that a server shows its clients, and of the authority that it believes itself.
    package struct TLSFiles: Sendable {
        package var ca, certificate, key: String

        package init(ca: String, certificate: String, key: String) {
            (self.ca, self.certificate, self.key) = (ca, certificate, key)
        }
    }

    package let flavour: Flavour
    /// Its address, port and unix socket.
    package let place: LoopbackPlace
    /// The same server's other address, with the same port.
    package let otherAddress: String
    package let process: ServerProcess
    private let directory: URL

    /// Starts a server, and returns when it answers.
    ///
    /// - Parameters:
    ///   - flavour: which family.
    ///   - network: the first three numbers of its addresses, which end in 1 and 2.
    ///   - port: that of a server that was there before; nil for one that is free.
    ///   - tls: what it offers TLS with; nil for a server that has none.
    ///   - kept: a data directory that stays when the server goes; it is initialised unless it is there. Nil for one
    ///     that goes as well.
    ///   - options: further options of the server, with their dashes.
    /// - Throws: `LoopbackError` when the server is not installed or does not start.
    package init(
        _ flavour: Flavour, network: String = LoopbackPlace.randomNetwork(), port: UInt16? = nil,
        tls: TLSFiles? = nil, data kept: URL? = nil, options: [String] = []
    ) throws {
        // Unix sockets have short paths.
        let directory = URL(filePath: "/tmp/bw-db-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        do {
            let (address, socket) = (network + ".1", directory.appending(path: "s").path)
            place =
                try port.map { LoopbackPlace(address: address, port: $0, socketPath: socket) }
                ?? LoopbackPlace(address: address, socketPath: socket)
            otherAddress = network + ".2"
            let programs = try Programs(flavour)
            let data = (kept ?? directory.appending(path: "data")).path
            if !FileManager.default.fileExists(atPath: data) { _ = try output(of: try programs.initialise(data)) }
            let first = try ServerProcess.write(
                "init.sql",
                ["CREATE USER IF NOT EXISTS root@'%';", "GRANT ALL ON *.* TO root@'%' WITH GRANT OPTION;"],
                in: directory)
            process = try ServerProcess(
                programs.serve(data) + [
                    "--bind-address=\(place.address),\(otherAddress)", "--port=\(place.port)",
                    "--socket=\(place.socketPath)", "--pid-file=\(directory.path)/pid", "--skip-name-resolve",
                    "--init-file=\(first)", "--innodb-buffer-pool-size=128M", "--innodb-flush-log-at-trx-commit=0",
                    "--skip-log-bin", "--max-allowed-packet=128M", "--max-connect-errors=100000", "--local-infile=1",
                    "--secure-file-priv=",
                ] + (tls.map(Programs.options) ?? programs.withoutTLS) + options,
                log: directory.appending(path: "log"))
            let place = place
            // It listens on its unix socket last.
            try process.wait(for: "\(flavour) to listen") {
                (try? place.connectOverUnix()) != nil && (try? place.connectOverTCP()) != nil
            }
        } catch {
            try? FileManager.default.removeItem(at: directory)
            throw error
        }
        self.flavour = flavour
        self.directory = directory
    }

    /// The folder of MySQL's programs.
    package static var mysqlPrograms: String { ServerFlavour.root("mysql-sid").path }

    deinit {
        process.stop()
        try? FileManager.default.removeItem(at: directory)
    }

    /// Ends the server in order, so that the next one has nothing to recover, and returns when it is gone.
    package func shutDown() throws {
        process.signal(SIGTERM)
        // A buffer pool full of changes is written first.
        try process.waitForEnd(within: .seconds(300))
    }
}

/// How the two families are started.
private struct Programs {
    let flavour: LoopbackDatabase.Flavour
    private let server: String

    init(_ flavour: LoopbackDatabase.Flavour) throws {
        self.flavour = flavour
        switch flavour {
        case .mariadb:
            guard let server = DatabasePrograms().candidates(for: .mariadb).first else {
                throw LoopbackError("mariadbd is not installed: apt-get install mariadb-server")
            }
            self.server = server
        case .mysql:
            server = ServerFlavour.root("mysql-sid").appending(path: "mysqld").path
            guard FileManager.default.isExecutableFile(atPath: server) else {
                throw LoopbackError("\(server) is not there: Scripts/bootstrap test")
            }
        }
    }

    /// No option file; as the user who runs the tests, also when that is root.
    private func common(_ data: String) -> [String] {
        ["--no-defaults", "--user=\(NSUserName())", "--datadir=\(data)"]
    }

    func initialise(_ data: String) throws -> [String] {
        let family: DatabaseServer.Family = flavour == .mariadb ? .mariadb : .mysql
        guard let (program, arguments) = DatabasePrograms().initialisation(of: server, family, common(data)) else {
            throw LoopbackError("mariadb-install-db is not installed: apt-get install mariadb-server")
        }
        return [program] + arguments
    }

    func serve(_ data: String) -> [String] {
        switch flavour {
        case .mariadb: [server] + common(data)
        case .mysql: [server] + common(data) + DatabasePrograms.relocation(of: server) + ["--mysqlx=OFF"]
        }
    }

    static func options(_ tls: LoopbackDatabase.TLSFiles) -> [String] {
        ["--ssl-ca=\(tls.ca)", "--ssl-cert=\(tls.certificate)", "--ssl-key=\(tls.key)"]
    }

    var withoutTLS: [String] {
        switch flavour {
        case .mariadb: ["--skip-ssl"]
        case .mysql: ["--tls-version="]
        }
    }
}
