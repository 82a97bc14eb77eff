package import RecoveryCore

/// Where a server of our own lives for a while, and as whom.
package struct ScratchOptions: Sendable {
    /// Folders in which its programs are looked for before the search path: of the programs themselves, or the root
    /// that they are installed below.
    package var programs: [String] = []
    /// In this folder is the server's own. It should be on a disk, with room for the database.
    package var directory = "/var/tmp"
    /// Whom the server runs as when we are root; nil for `mysql`, or else `nobody`. Otherwise it runs as we do.
    package var user: String?
    /// Of the buffer pool; nil takes half of what is free, or what the database needs.
    package var bufferPoolBytes: UInt64?

    package init() {}
}

/// Why there is no server of our own. It says nothing about the backup.
package enum ScratchError: Error, Equatable, CustomStringConvertible {
    case programMissing(DatabaseServer.Family)
    /// There is a server, but what makes its data directory is missing.
    case installerMissing
    case userMissing(String)
    case noSpace(directory: String, needed: UInt64, available: UInt64)
    /// What the system says of the folder.
    case directory(String, reason: String)
    case process(String)
    /// What it was doing, and the end of its log.
    case ended(String, log: String)

    /// Stable, for scripts.
    package var code: String {
        switch self {
        case .programMissing, .installerMissing: "scratch.program_missing"
        case .userMissing: "scratch.user_missing"
        case .noSpace: "scratch.no_space"
        case .directory: "scratch.directory"
        case .process: "scratch.cannot_start"
        case .ended: "scratch.ended"
        }
    }

    package var description: String {
        switch self {
        case .programMissing(.mariadb): "no MariaDB server is installed to restore the backup on"
        case .programMissing(.mysql): "no MySQL server is installed to restore the backup on"
        case .installerMissing: "mariadb-install-db is not installed"
        case .userMissing(let user): "there is no user \(user) to run the scratch server as"
        case .noSpace(let directory, let needed, let available):
            "\(directory) has \(available >> 20) MiB free, and the restored database may take \(needed >> 20) MiB"
        case .directory(let directory, let reason): "\(directory) cannot hold a scratch server: \(reason)"
        case .process(let reason): "the scratch server cannot be started: \(reason)"
        case .ended(let doing, let log): "the scratch server ended while it was to \(doing): \(log)"
        }
    }

    package var hint: String? {
        switch self {
        case .programMissing(.mariadb), .installerMissing:
            "on Debian: apt-get install mariadb-server; or name the folder of its programs, or another server"
        case .programMissing(.mysql):
            "install mysql-server (Debian has it in sid), or name the folder of its programs, or another server"
        case .userMissing: "a server never runs as root here: name a user without privileges"
        case .noSpace: "name a folder on a larger disk"
        case .directory: "name another folder"
        case .process, .ended: nil
        }
    }
}
