package import CloudHTTP

/// Which bucket, where, and the part of its names that is ours.
package struct S3Location: Sendable, Hashable {
    package let endpoint: CloudEndpoint
    package let bucket: String
    /// Every key's beginning in the bucket: empty, or with a slash at its end.
    package let prefix: String
    package let region: String
    /// Whether the bucket stands in the path, not in the host's name.
    package let usesPathStyle: Bool
    /// The authorities (PEM) that the server's certificate must come from; nil for the system's.
    package let authoritiesFile: String?

    /// - Parameters:
    ///   - endpoint: Nil for AWS, of the region.
    ///   - bucket: 3 to 63 lower-case letters, digits, dots and hyphens: it becomes part of a host's name.
    ///   - prefix: Like a key, or empty.
    ///   - region: Nil for the first part of a DigitalOcean endpoint's name, `us-east-1` elsewhere.
    ///   - usesPathStyle: Nil for what the endpoint and the bucket need: an address has no subdomains, and a
    ///     certificate for `*.host` is good for no name with further dots.
    ///   - authoritiesFile: See ``authoritiesFile``.
    /// - Throws: `ObjectStoreError.invalidLocation`.
    package init(
        endpoint: CloudEndpoint? = nil, bucket: String, prefix: String = "", region: String? = nil,
        usesPathStyle: Bool? = nil, authoritiesFile: String? = nil
    ) throws(ObjectStoreError) {
        func invalid(_ reason: String) -> ObjectStoreError { .invalidLocation("s3://\(bucket)", reason: reason) }
        guard bucket.isBucketName else {
            throw invalid("a bucket's name has 3 to 63 lower-case letters, digits, dots and hyphens")
        }
        let spaces = ".digitaloceanspaces.com"
        let isSpaces = endpoint?.host.hasSuffix(spaces) == true
        let slug = isSpaces ? endpoint.map { String($0.host.dropLast(spaces.count)) } : nil
        self.region = region ?? slug ?? "us-east-1"
        guard self.region.isRegionName else { throw invalid("\"\(self.region)\" is no region") }
        if let slug, slug.contains(".") {
            throw invalid("the endpoint of a Space is that of its region, without the bucket's name")
        }
        self.endpoint = endpoint ?? CloudEndpoint(isSecure: true, host: "s3.\(self.region).amazonaws.com")
        guard self.endpoint.isSecure || self.endpoint.isLoopback else {
            throw invalid("http:// is for this machine alone; use https://")
        }
        self.bucket = bucket
        if prefix.isEmpty {
            self.prefix = ""
        } else {
            do {
                self.prefix = try ObjectKey(prefix).text + "/"
            } catch {
                throw invalid(error.description)
            }
        }
        self.usesPathStyle =
            usesPathStyle ?? (self.endpoint.isAddress || self.endpoint.host == "localhost" || bucket.contains("."))
        self.authoritiesFile = authoritiesFile
    }

    /// The host that is asked, and the bucket's part of the path.
    var address: (endpoint: CloudEndpoint, path: String) {
        guard !usesPathStyle else { return (endpoint, "/\(bucket)") }
        let host = "\(bucket).\(endpoint.host)"
        return (CloudEndpoint(isSecure: endpoint.isSecure, host: host, port: endpoint.port), "")
    }
}

extension S3Location: CustomStringConvertible {
    package var description: String { "s3://\(bucket)/\(prefix) at \(endpoint), region \(region)" }
}

extension String {
    fileprivate var isBucketName: Bool {
        (3...63).contains(utf8.count) && isMadeOf(".-") && first != "." && first != "-" && last != "." && last != "-"
            && !contains("..")
    }

    fileprivate var isRegionName: Bool { (1...60).contains(utf8.count) && isMadeOf("-") }

    private func isMadeOf(_ marks: String) -> Bool {
        utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || marks.utf8.contains(byte)
        }
    }
}
