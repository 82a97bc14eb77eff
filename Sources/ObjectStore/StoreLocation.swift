package import CloudHTTP
internal import FoundationEssentials
package import Logging

/// A store as a user names it: `s3://bucket/prefix?endpoint=https://nyc3.digitaloceanspaces.com&region=nyc3`, or
/// `dir:/var/backups/shop`. It holds no secret.
package enum StoreLocation: Sendable, Hashable {
    case s3(S3Location)
    /// An absolute path.
    case directory(String)

    private static let parameters = ["endpoint", "region", "path_style", "ca"]

    /// - Throws: `ObjectStoreError.invalidLocation`.
    package init(_ text: String) throws(ObjectStoreError) {
        func invalid(_ reason: String) -> ObjectStoreError { .invalidLocation(text, reason: reason) }
        if text.hasPrefix("dir:") {
            let path = String(text.dropFirst("dir:".count))
            guard path.hasPrefix("/"), !path.utf8.contains(0) else { throw invalid("dir: needs an absolute path") }
            self = .directory(path)
            return
        }
        guard text.hasPrefix("s3://") else { throw invalid("it begins neither with s3:// nor with dir:") }
        let parts = text.dropFirst("s3://".count).split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        var values: [String: String] = [:]
        for pair in parts.dropFirst().first?.split(separator: "&") ?? [] {
            let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard Self.parameters.contains(sides[0]) else {
                throw invalid("\(sides[0]) is none of \(Self.parameters.joined(separator: ", "))")
            }
            guard sides.count == 2, let value = sides[1].percentDecoded, !value.isEmpty else {
                throw invalid("\(sides[0]) has no value")
            }
            guard values.updateValue(value, forKey: sides[0]) == nil else {
                throw invalid("\(sides[0]) is there twice")
            }
        }
        let names = parts[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        var prefix = names.count == 2 ? names[1] : ""
        if prefix.hasSuffix("/") { prefix.removeLast() }
        let styles = ["true": true, "false": false]
        if let style = values["path_style"], styles[style] == nil { throw invalid("path_style is true or false") }
        var endpoint: CloudEndpoint?
        if let url = values["endpoint"] {
            do {
                endpoint = try CloudEndpoint(url)
            } catch {
                throw invalid("endpoint: \(error)")
            }
        }
        self = .s3(
            try S3Location(
                endpoint: endpoint, bucket: names[0], prefix: prefix, region: values["region"],
                usesPathStyle: values["path_style"].flatMap { styles[$0] }, authoritiesFile: values["ca"]))
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
