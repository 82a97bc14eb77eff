internal import Foundation

/// What web nodes and the balancer are made of, on this machine.
struct WebPrograms: Sendable, Equatable {
    var nginx: String
    var phpFPM: String
    /// PHP for the command line.
    var php: String
    var haproxy: String
    /// `breakwater` itself, for the nodes' agents.
    var breakwater: String
    /// WordPress' folder as it was installed.
    var wordpress: String

    /// `breakwater` is its path; nil for the one beside `proxy`, or else beside this program.
    ///
    /// - Throws: `StackError`, `program_missing`, which names all that is missing.
    static func find(breakwater: String?, proxy: String?) throws(StackError) -> WebPrograms {
        let own =
            breakwater
            ?? proxy.map { URL(filePath: $0).deletingLastPathComponent().appending(path: "breakwater").path }
            ?? Programs.besideThisProgram("breakwater")
        let fpm = ["php-fpm"] + (1...9).reversed().map { "php-fpm8.\($0)" }
        let php = ["php"] + (1...9).reversed().map { "php8.\($0)" }
        let found = (
            nginx: Programs.path(of: "nginx"), fpm: fpm.lazy.compactMap { Programs.path(of: $0) }.first,
            php: php.lazy.compactMap { Programs.path(of: $0) }.first, haproxy: Programs.path(of: "haproxy"),
            wordpress: wordpressFolders.first {
                FileManager.default.fileExists(atPath: "\($0)/wp-includes/version.php")
            }
        )
        let missing = [
            (found.nginx, "nginx"), (found.fpm, "php-fpm"), (found.php, "php-cli"), (found.haproxy, "haproxy"),
            (found.wordpress, "wordpress"),
        ].filter { $0.0 == nil }.map(\.1)
        guard let nginx = found.nginx, let fpm = found.fpm, let php = found.php, let haproxy = found.haproxy,
            let wordpress = found.wordpress
        else {
            throw StackError(
                "program_missing", "the web nodes need what is not installed: \(missing.joined(separator: ", "))",
                hint: "on Debian: apt-get install -y --no-install-recommends \(missing.joined(separator: " ")) "
                    + "php-mysql php-redis; or leave the web nodes out with --without-web")
        }
        guard access(own, X_OK) == 0 else {
            throw StackError(
                "program_missing", "\(own) is missing or cannot be run",
                hint: "build it with `swift build --product breakwater`")
        }
        return WebPrograms(
            nginx: nginx, phpFPM: fpm, php: php, haproxy: haproxy, breakwater: own, wordpress: wordpress)
    }

    /// Where Debian's package puts it.
    private static let wordpressFolders = ["/usr/share/wordpress"]
}
