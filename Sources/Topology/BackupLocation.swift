/// Where backups are kept: `s3://bucket/prefix?region=sfo3` or `dir:/path`.
package enum BackupLocation: Sendable, Hashable {
    case s3(S3Bucket)
    /// A directory of this machine; the path is absolute.
    case directory(String)

    /// Reads a location as `--store` takes it.
    /// - Throws: Why it cannot be used, in words that repeat no secret.
    package init(_ text: String) throws(UnusableOption) {
        do {
            try self.init(scalar: text)
        } catch {
            throw UnusableOption(error)
        }
    }

    /// The region it is in, as far as its text says.
    package var region: String? {
        guard case .s3(let bucket) = self else { return nil }
        return bucket.region
    }
}

/// A bucket, or what is below a prefix in it.
package struct S3Bucket: Sendable, Hashable {
    package var name: String
    /// Without slashes at its ends; may be empty.
    package var prefix: String
    /// `https://nyc3.digitaloceanspaces.com`, without a path.
    package var endpoint: String
    /// What signatures name; for Spaces the slug of the datacentre.
    package var region: String
    /// `endpoint/bucket/key` instead of `bucket.endpoint/key`: for servers without a name for each bucket. `nil` when
    /// it is not said.
    package var pathStyle: Bool?
    /// Path of the certificates (PEM) of the authorities that the server's must come from; `nil` for the system's.
    package var ca: String?
}

extension S3Bucket {
    fileprivate static let options = ["endpoint", "region", "path_style", "ca"]
    private static let spaces = ".digitaloceanspaces.com"

    /// Without an `endpoint` it is DigitalOcean Spaces; with one of Spaces, the region follows from it.
    fileprivate init(_ url: URLText) throws(UnusableScalar) {
        var url = url
        name = url.authority
        guard url.user == nil, Self.isBucket(name) else {
            throw UnusableScalar(message: "names no bucket", hint: "such as s3://your-backups/mysql?region=sfo3")
        }
        prefix = url.path.trimming("/")
        let parts = prefix.split(separator: "/", omittingEmptySubsequences: false)
        guard prefix.isEmpty || !parts.contains(where: { ["", ".", ".."].contains($0) }) else {
            throw UnusableScalar(message: "has an empty part, `.` or `..` in its prefix")
        }
        let region = url.take("region")
        if let region, !StringRule.label(32).test(region) {
            throw UnusableScalar(message: "has a region that is none: \(quoted(region))")
        }
        if let endpoint = url.take("endpoint")?.trimming("/") {
            guard let host = Self.host(of: endpoint) else {
                throw UnusableScalar(
                    message: "has an endpoint that is no URL such as https://sfo3.digitaloceanspaces.com")
            }
            self.endpoint = endpoint
            let slug = host.hasSuffix(Self.spaces) ? String(host.dropLast(Self.spaces.count)) : nil
            if let slug, let region, slug != region {
                throw UnusableScalar(
                    message: "has the region \(quoted(region)) and an endpoint in \(quoted(slug))",
                    hint: "leave `region` out; for Spaces it follows from the endpoint")
            }
            self.region = region ?? slug ?? "us-east-1"
        } else if let region {
            endpoint = "https://\(region)\(Self.spaces)"
            self.region = region
        } else {
            throw UnusableScalar(
                message: "has neither a `region` nor an `endpoint`",
                hint: "`?region=sfo3` for Spaces, `?endpoint=https://…` for other stores")
        }
        pathStyle = if let word = url.take("path_style") { try Bool(scalar: word) } else { nil }
        ca = try url.takePath("ca")
        try url.finish(known: Self.options)
    }

    /// Whether keys, names and ciphertext travel in the open to another machine.
    var isPlainHTTP: Bool {
        guard endpoint.hasPrefix("http://"), let host = Self.host(of: endpoint) else { return false }
        return host != "localhost" && !host.hasSuffix(".localhost") && IPAddress(host)?.isLoopback != true
    }

    private static func host(of endpoint: String) -> String? {
        guard let rest = endpoint.dropping(prefix: "https://") ?? endpoint.dropping(prefix: "http://") else {
            return nil
        }
        return (ListenAddress.splitHostPort(rest) ?? ListenAddress.splitHostPort("\(rest):443"))?.host
    }

    /// What S3 and Spaces both allow: 3 to 63 of lower-case letters, digits, hyphens and dots.
    private static func isBucket(_ text: String) -> Bool {
        (3...63).contains(text.utf8.count) && ListenAddress.isHost(text) && text == text.lowercased()
    }
}

extension BackupLocation: TopologyScalar {
    static var expectation: String { "s3://bucket/prefix?region=… or dir:/path" }

    init(scalar text: String) throws(UnusableScalar) {
        if let path = text.dropping(prefix: "dir:") {
            guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
                throw UnusableScalar(message: "must name an absolute path: dir:/path")
            }
            self = .directory(path.count > 1 ? "/\(path.trimming("/"))" : path)
        } else if text.hasPrefix("s3://") {
            self = .s3(try S3Bucket(URLText(text, scheme: "s3")))
        } else {
            // A URL of another kind may carry a password.
            guard !text.contains("@") else { throw UnusableScalar(message: "must be \(Self.expectation)") }
            throw Self.refused(text)
        }
    }

    var topologyText: String { description }
}

extension BackupLocation: CustomStringConvertible {
    /// For messages: the endpoint only where it is not Spaces'.
    package var description: String {
        switch self {
        case .directory(let path): "dir:\(path)"
        case .s3(let bucket): "s3://\(bucket.name)/\(bucket.prefix)?endpoint=\(bucket.endpoint)&region=\(bucket.region)"
        }
    }
}

extension String {
    fileprivate func trimming(_ character: Character) -> String {
        var text = self[...]
        while text.first == character { text.removeFirst() }
        while text.last == character { text.removeLast() }
        return String(text)
    }
}
