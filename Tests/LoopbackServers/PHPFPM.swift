internal import Foundation

/// A PHP-FPM with one pool on a unix socket, for one test.
package final class PHPFPM: Sendable {
    package let process: ServerProcess
    package let socket: String
    /// Where its scripts are.
    package let root: String

    /// Debian's program is named after its version: php-fpm8.2.
    package static func program() throws -> String {
        let folders = ["/usr/sbin", "/usr/local/sbin"]
        let found = folders.flatMap { folder in
            ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
                .filter { $0.hasPrefix("php-fpm") }.sorted().map { "\(folder)/\($0)" }
        }
        guard let program = found.last else { throw LoopbackError("there is no php-fpm (Debian: php-fpm)") }
        return program
    }

    /// The folder is of this test alone; its path is short, for the socket is in it. So many scripts run at once as there
    /// are workers.
    package init(in folder: String, workers: Int = 2) throws {
        socket = "\(folder)/fpm.sock"
        root = "\(folder)/www"
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
        let user = NSUserName()
        let text = """
            [global]
            error_log = \(folder)/fpm.error.log
            daemonize = no
            [www]
            user = \(user)
            listen = \(socket)
            pm = static
            pm.max_children = \(workers)
            ping.path = /ping
            clear_env = yes
            """
        let file = "\(folder)/fpm.conf"
        try text.write(toFile: file, atomically: true, encoding: .utf8)
        // Root is refused without -R.
        let arguments = [try Self.program(), "--nodaemonize", "--fpm-config", file] + (user == "root" ? ["-R"] : [])
        process = try ServerProcess(arguments, log: URL(filePath: "\(folder)/fpm.log"))
    }

    package func write(_ script: String, as name: String) throws {
        try script.write(toFile: "\(root)/\(name)", atomically: true, encoding: .utf8)
    }
}
