package import Foundation

/// WordPress' maintenance mode: while `ABSPATH/.maintenance` sets `$upgrading` to a moment that is less than ten minutes
/// ago, every page is answered with 503 and `Retry-After`, whatever state database and cache are in
/// (`wp_is_maintenance_mode()` of wp-includes/load.php).
package struct MaintenanceFile: Sendable {
    private static let mark = "breakwater"
    private static let expiry: TimeInterval = 600

    private let file: ReplacedFile

    /// - Parameter docroot: WordPress' own folder.
    package init(docroot: String) { file = ReplacedFile(path: "\(docroot)/.maintenance") }

    package var path: String { file.path }

    /// That the shop is open, and can be closed.
    /// - Throws: `FlipError.underMaintenance` when somebody else has closed it.
    package func survey(now: Date) throws(FlipError) {
        try file.checkWritable()
        guard let text = try file.read(), !text.contains(Self.mark) else { return }
        // One that holds a program instead of a number is nobody's leftover.
        let moment = Self.moment(in: text) ?? now
        if now.timeIntervalSince(moment) < Self.expiry { throw .underMaintenance(path) }
    }

    /// Closes the shop, or keeps it closed: to be called again well before ten minutes have passed. When nobody does, the
    /// shop opens by itself.
    package func close(now: Date) throws(FlipError) {
        try file.write(
            """
            <?php // Written by breakwater: the shop's database is being switched.
            $upgrading = \(Int(now.timeIntervalSince1970));

            """)
    }

    /// Opens what we have closed; somebody else's file stays.
    package func open() throws(FlipError) {
        if let text = try file.read(), text.contains(Self.mark) { try file.remove() }
    }

    private static func moment(in text: String) -> Date? {
        guard let sign = text.range(of: "$upgrading") else { return nil }
        let digits = text[sign.upperBound...].drop { $0 == " " || $0 == "=" }.prefix { $0.isNumber }
        return TimeInterval(digits).map(Date.init(timeIntervalSince1970:))
    }
}
