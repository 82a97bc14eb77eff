/// The database: a managed one with an endpoint, or a primary and replicas on hosts of the store.
package struct MySQLTopology: Sendable, Equatable {
    package enum TLS: String, Sendable, CaseIterable {
        case required
        case verifyCA = "verify-ca"
        case verifyFull = "verify-full"
        case preferred
        case off
    }

    package var managed: Bool
    /// `host:port` of a managed database.
    package var endpoint: String?
    package var primary: String?
    package var replicas: [String]
    package var database: String?
    package var user: String?
    package var password: SecretReference?
    /// Path of the certificate authority's certificate.
    package var ca: String?
    package var tls: TLS?
}

/// What is backed up, when, where to, for whom and for how long.
package struct BackupTopology: Sendable, Equatable {
    package struct Keep: Sendable, Hashable {
        package var hourly: Int?
        package var daily: Int?
        package var weekly: Int?
        package var monthly: Int?
        package var yearly: Int?
    }

    package struct Files: Sendable, Hashable {
        package var paths: [String]
        package var exclude: [String]
    }

    /// Five cron fields.
    package var schedule: String?
    package var timeZone: String?
    /// `s3://bucket/prefix?region=…` or `dir:/path`.
    package var to: [String]
    /// age recipients.
    package var recipients: [String]
    package var pointInTime: Bool
    /// Five cron fields.
    package var verify: String?
    package var keep: Keep?
    package var schemaOnly: [String]
    package var files: Files?
}
