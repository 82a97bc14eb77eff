internal import CloudHTTP
internal import FoundationEssentials

/// What S3's documents say. An initialiser gives nil for a document that says something else.
/// Source: the Amazon S3 API Reference, the operations named.

/// `<Error>`, the body of a refusal.
struct S3ErrorDocument: Equatable {
    let code: String
    let message: String
    /// Where the bucket is, when that is the trouble.
    let region: String?
    let endpoint: String?

    init?(_ root: XMLElement) {
        guard root.name == "Error", let code = root["Code"]?.text, !code.isEmpty else { return nil }
        self.code = code.printable(60)
        message = root["Message"]?.text.printable(300) ?? ""
        region = root["Region"]?.text.printable(60)
        endpoint = root["Endpoint"]?.text.printable(255)
    }
}

/// `ListObjectsV2`, with names in URL encoding.
struct S3ObjectList: Equatable {
    struct Entry: Equatable {
        let name: String
        let size: Int64
        let modified: Date
        let etag: String?
    }

    let entries: [Entry]
    let folders: [String]
    let continuation: String?

    init?(_ root: XMLElement) {
        guard root.name == "ListBucketResult", let isTruncated = root["IsTruncated"]?.text else { return nil }
        let isEncoded = root["EncodingType"]?.text == "url"
        var entries: [Entry] = []
        for content in root.all("Contents") {
            guard let name = content["Key"]?.text.name(isEncoded),
                let size = content["Size"].flatMap({ Int64($0.text) }), size >= 0,
                let modified = content["LastModified"].flatMap({ UTCTime(iso8601: $0.text) })
            else { return nil }
            entries.append(Entry(name: name, size: size, modified: modified.date, etag: content["ETag"]?.text))
        }
        self.entries = entries
        var folders: [String] = []
        for prefix in root.all("CommonPrefixes") {
            guard let name = prefix["Prefix"]?.text.name(isEncoded) else { return nil }
            folders.append(name)
        }
        self.folders = folders
        continuation = isTruncated == "true" ? root["NextContinuationToken"]?.text : nil
        // More to come, but not how to ask for it.
        if isTruncated == "true", continuation?.isEmpty != false { return nil }
    }
}

/// `ListMultipartUploads`, with names in URL encoding.
struct S3UploadList: Equatable {
    struct Entry: Equatable {
        let name: String
        let id: String
        let started: Date
    }

    let entries: [Entry]
    /// The last key and upload of this page, when there is another.
    let next: (key: String, id: String)?

    init?(_ root: XMLElement) {
        guard root.name == "ListMultipartUploadsResult" else { return nil }
        let isEncoded = root["EncodingType"]?.text == "url"
        var entries: [Entry] = []
        for upload in root.all("Upload") {
            guard let name = upload["Key"]?.text.name(isEncoded), let id = upload["UploadId"]?.text,
                let started = upload["Initiated"].flatMap({ UTCTime(iso8601: $0.text) })
            else { return nil }
            entries.append(Entry(name: name, id: id, started: started.date))
        }
        self.entries = entries
        if root["IsTruncated"]?.text == "true" {
            guard let key = root["NextKeyMarker"]?.text.name(isEncoded), let id = root["NextUploadIdMarker"]?.text
            else { return nil }
            next = (key, id)
        } else {
            next = nil
        }
    }

    static func == (left: S3UploadList, right: S3UploadList) -> Bool {
        left.entries == right.entries && left.next?.key == right.next?.key && left.next?.id == right.next?.id
    }
}

/// `DeleteObjects`.
enum S3Deletion {
    /// S3's limit.
    static let most = 1000

    static func request(_ names: [String]) -> String {
        let objects = names.map { "<Object><Key>\($0.xmlEscaped)</Key></Object>" }.joined()
        return "<Delete xmlns=\"\(s3Namespace)\"><Quiet>true</Quiet>\(objects)</Delete>"
    }

    /// The codes of what was not deleted, by name.
    static func failures(_ root: XMLElement) -> [String: String]? {
        guard root.name == "DeleteResult" else { return nil }
        var failures: [String: String] = [:]
        for error in root.all("Error") {
            guard let name = error["Key"]?.text, let code = error["Code"]?.text else { return nil }
            if code != "NoSuchKey" { failures[name] = code.printable(60) }
        }
        return failures
    }
}

/// `CompleteMultipartUpload`.
enum S3Completion {
    static func request(_ parts: [(number: Int, etag: String)]) -> String {
        let list = parts.map {
            "<Part><PartNumber>\($0.number)</PartNumber><ETag>\($0.etag.xmlEscaped)</ETag></Part>"
        }.joined()
        return "<CompleteMultipartUpload xmlns=\"\(s3Namespace)\">\(list)</CompleteMultipartUpload>"
    }
}

private let s3Namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

extension String {
    fileprivate func name(_ isEncoded: Bool) -> String? { isEncoded ? percentDecoded : self }

    /// A server's words, fit to be shown: no control characters, and not endless.
    func printable(_ limit: Int) -> String {
        String(String.UnicodeScalarView(unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7F }.prefix(limit)))
    }
}
