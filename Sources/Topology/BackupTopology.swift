/// What is backed up, when, where to, for whom and for how long.
package struct BackupTopology: Sendable, Equatable {
    package struct Files: Sendable, Hashable {
        package var paths: [String]
        package var exclude: [String]
        /// Where the node that backs up has the repository's password; nil for its usual place.
        package var password: SecretReference?
    }

    package var schedule: CronSchedule?
    /// Of ``schedule``, ``verify`` and ``keep``: a name of the time zone database.
    package var timeZone: String
    /// ``required`` of them must have a backup's manifest before the backup counts.
    package var to: [BackupStore]
    /// At least 1, at most as many as there are in ``to``.
    package var required: Int
    /// They get the same bytes; a backup that did not reach them is done, but degraded.
    package var replicateTo: [BackupStore]
    /// age recipients, `age1…`. Their form is checked here, their checksum where they are used.
    package var recipients: [String]
    package var pointInTime: Bool
    /// When the newest backup is restored to see whether it can be.
    package var verify: CronSchedule?
    /// `nil`: nothing is ever deleted.
    package var keep: RetentionPolicy?
    /// Tables without their rows.
    package var schemaOnly: [TableRule]
    /// Tables that are left out as if they did not exist.
    package var exclude: [TableRule]
    package var files: Files?
}

/// One place for backups and the keys to it.
package struct BackupStore: Sendable, Hashable {
    package var location: BackupLocation
    /// `nil` for a directory.
    package var credentials: Credentials?
    /// What deletes in it; `nil` when ``credentials`` may.
    package var pruneCredentials: Credentials?

    package struct Credentials: Sendable, Hashable {
        package var accessKey: SecretReference
        package var secretKey: SecretReference

        /// The variables that every S3 client reads.
        package static let environment = Credentials(
            accessKey: .environment("AWS_ACCESS_KEY_ID"), secretKey: .environment("AWS_SECRET_ACCESS_KEY"))

        package init(accessKey: SecretReference, secretKey: SecretReference) {
            self.accessKey = accessKey
            self.secretKey = secretKey
        }
    }

    /// A store whose keys, if it needs any, are in the environment.
    package init(_ location: BackupLocation) {
        self.init(location, credentials: .environment)
    }

    package init(_ location: BackupLocation, credentials: Credentials, pruning: Credentials? = nil) {
        self.location = location
        self.credentials = if case .s3 = location { credentials } else { nil }
        pruneCredentials = if case .s3 = location { pruning } else { nil }
    }
}
