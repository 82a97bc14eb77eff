package import CloudHTTP
package import Logging
package import Topology

/// The place of a store, which holds no secret. How people write it is `BackupLocation`'s matter.
package enum StoreLocation: Sendable, Hashable {
    case s3(S3Location)
    /// An absolute path.
    case directory(String)

    /// What the topology or the command line names.
    /// - Throws: `ObjectStoreError.invalidLocation`, also for what is well written and cannot be a store here.
    package init(_ location: BackupLocation) throws(ObjectStoreError) {
        switch location {
        case .directory(let path):
            self = .directory(path)
        case .s3(let bucket):
            let endpoint: CloudEndpoint
            do {
                endpoint = try CloudEndpoint(bucket.endpoint)
            } catch {
                throw .invalidLocation("\(location)", reason: "endpoint: \(error)")
            }
            self = .s3(
                try S3Location(
                    endpoint: endpoint, bucket: bucket.name, prefix: bucket.prefix, region: bucket.region,
                    usesPathStyle: bucket.pathStyle, authoritiesFile: bucket.ca))
        }
    }

    /// Runs `body` with the store and ends its connections afterwards.
    ///
    /// - Parameters:
    ///   - credentials: For S3; a directory needs none.
    ///   - settings: For S3.
    ///   - logger: Hears of what went wrong and could not be thrown.
    ///   - body: What is done with the store.
    /// - Returns: What `body` returned.
    /// - Throws: `ObjectStoreError.invalidLocation` without the credentials that S3 needs, and what `body` throws.
    package func withStore<Result: Sendable>(
        credentials: CloudCredentials?, settings: S3Store.Settings = S3Store.Settings(), logger: Logger,
        _ body: (any ObjectStore) async throws -> Result
    ) async throws -> Result {
        switch self {
        case .directory(let path): return try await body(DirectoryStore(path: path))
        case .s3(let location):
            guard let credentials else {
                throw ObjectStoreError.invalidLocation(
                    "\(location)", reason: "no keys: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
            }
            return try await S3Store.with(
                location, credentials: credentials, settings: settings, logger: logger, body)
        }
    }
}
