/// What the files of web nodes need to know that no topology says.
package struct WebRenderingSettings: Sendable, Equatable {
    /// Where each host's sidecar listens, by the host's name; without one, what the topology's `sidecar.listen` says.
    package var sidecarSockets: [String: String] = [:]
    /// `HOST:PORT` of the database, its name and the shop's account. Nil leaves them to `wp-config.php`.
    package var databaseAddress: String?
    package var databaseName: String?
    package var databaseUser: String?
    /// A file that holds the account's password; PHP reads it at each request.
    package var databasePasswordFile: String?
    /// nginx and PHP-FPM refuse to work as root unless they are told to.
    package var runsAsRoot = false

    package init() {}
}
