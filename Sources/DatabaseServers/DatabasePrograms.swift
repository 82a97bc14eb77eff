internal import Foundation
package import RecoveryCore

/// Where database servers may be installed.
package struct DatabasePrograms: Sendable {
    private let folders: [String]

    /// Looks into the given folders first; each holds programs, or is a root that they are installed below.
    package init(_ given: [String] = [], searchPath: String? = ProcessInfo.processInfo.environment["PATH"]) {
        let below = ["", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/libexec", "/scripts", "/programs"]
        folders =
            given.flatMap { folder in below.map { folder + $0 } }
            + (searchPath ?? "").split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
            // Debian has servers where users do not look.
            + ["/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/sbin", "/usr/local/bin", "/usr/local/mysql/bin"]
    }

    /// What may be a server of this family; what it is really, it says itself: `mysqld` may be a MariaDB.
    package func candidates(for family: DatabaseServer.Family) -> [String] {
        let names = family == .mariadb ? ["mariadbd", "mysqld"] : ["mysqld"]
        var seen: Set<String> = []
        return folders.flatMap { folder in names.map { "\(folder)/\($0)" } }
            .filter { access($0, X_OK) == 0 }
            .filter { seen.insert(URL(filePath: $0).resolvingSymlinksInPath().path).inserted }
    }

    /// What makes MariaDB's data directory; the one beside the server is preferred.
    package func installer(for server: String) -> String? {
        let folder = (server as NSString).deletingLastPathComponent
        let prefix = (folder as NSString).deletingLastPathComponent
        return ([folder, "\(prefix)/bin", "\(prefix)/scripts"] + folders).lazy
            .map { "\($0)/mariadb-install-db" }.first { access($0, X_OK) == 0 }
    }

    /// What makes an empty data directory, in which `root` needs no password: a program and its arguments. `options`
    /// say where, and as whom. Nil when MariaDB's installer is missing.
    package func initialisation(
        of server: String, _ family: DatabaseServer.Family, _ options: [String]
    ) -> (program: String, arguments: [String])? {
        switch family {
        case .mysql: (server, options + Self.relocation(of: server) + ["--initialize-insecure"])
        case .mariadb:
            installer(for: server).map { installer in
                let plain = ["--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"]
                return (installer, options + plain)
            }
        }
    }

    /// The options with which a MySQL that is not installed where it was built for finds its own files.
    package static func relocation(of server: String) -> [String] {
        let prefix = ((server as NSString).deletingLastPathComponent as NSString).deletingLastPathComponent
        guard prefix != "/usr", prefix != "/" else { return [] }
        let base = [prefix, "\(prefix)/usr"].first { access("\($0)/share/mysql", X_OK) == 0 }
        // A tarball's server finds everything by itself.
        guard let base else { return [] }
        return [
            "--basedir=\(base)", "--lc-messages-dir=\(base)/share/mysql", "--plugin-dir=\(base)/lib/mysql/plugin",
        ]
    }
}
