internal import Foundation
internal import MySQLClient
internal import Topology

/// A shop as its pages see it: closed while `.maintenance` is there, and its database where the file says that
/// `wp-config.php` includes. Every page looks at both, and connects anew.
struct ShopFront: Sendable {
    /// The folder of WordPress.
    var docroot: String
    var endpointFile: String
    /// The shop's account; address and database come from the file.
    var settings: MySQLSettings

    init(docroot: String, endpointFile: String, settings: MySQLSettings) {
        (self.docroot, self.endpointFile, self.settings) = (docroot, endpointFile, settings)
    }

    /// Why there was no page.
    enum Closed: Error, CustomStringConvertible {
        case maintenance, noEndpoint

        var description: String {
            switch self {
            case .maintenance: "503 under maintenance"
            case .noEndpoint: "wp-config.php names no database"
            }
        }
    }

    /// - Throws: `Closed`, `MySQLError`.
    func connect() async throws -> MySQLConnection {
        guard !FileManager.default.fileExists(atPath: "\(docroot)/.maintenance") else { throw Closed.maintenance }
        return try await MySQLConnection.connect(try current())
    }

    /// - Throws: `Closed`.
    func current() throws -> MySQLSettings {
        guard let text = try? String(contentsOfFile: endpointFile, encoding: .utf8),
            let host = Self.definition("DB_HOST", in: text), let database = Self.definition("DB_NAME", in: text),
            let colon = host.lastIndex(of: ":"), let port = Int(host[host.index(after: colon)...])
        else { throw Closed.noEndpoint }
        var settings = settings
        settings.address.host = String(host[..<colon])
        settings.address.port = port
        settings.address.database = database
        return settings
    }

    static func text(host: String, database: String) -> String {
        "<?php\ndefine('DB_HOST', '\(host)');\ndefine('DB_NAME', '\(database)');\n"
    }

    private static func definition(_ name: String, in text: String) -> String? {
        guard let start = text.range(of: "define('\(name)', '")?.upperBound,
            let end = text[start...].firstIndex(of: "'")
        else { return nil }
        return String(text[start..<end])
    }
}
