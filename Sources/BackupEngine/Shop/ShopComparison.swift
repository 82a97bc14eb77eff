package import MySQLClient
package import RecoveryCore

/// Compares a restored shop with the figures that were taken with its backup.
package struct ShopComparison: Sendable {
    private let settings: MySQLSettings

    /// The settings name the restored database.
    package init(_ settings: MySQLSettings) {
        self.settings = settings
    }

    /// What is not as the manifest says; empty when there were no figures.
    /// - Throws: `MySQLError`, `CancellationError`.
    package func differences(from manifest: BackupManifest) async throws -> [BackupManifest.LeftOut] {
        try await MySQLConnection.with(settings) { try await ShopReader($0).differences(from: manifest) }
    }
}
