internal import CloudHTTP
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1

extension S3ErrorDocument {
    /// The error in an answer; nil when there is none. A success is read only if it begins like one, for it may be long.
    init?(in response: CloudResponse) {
        let bytes = response.body.readableBytesView
        if response.isSuccess {
            let beginning = String(decoding: bytes.prefix(512), as: UTF8.self)
            guard beginning.contains("<Error>") || beginning.contains("<Error ") else { return nil }
        }
        guard let root = try? XMLReader.document(Array(bytes)) else { return nil }
        self.init(root)
    }
}

extension CloudResponse {
    /// A success. S3 sends the status of one before it has done the longer work; what came of it may be an error.
    var isDone: Bool { isSuccess && S3ErrorDocument(in: self) == nil }
}

extension ObjectStoreError {
    /// What S3's refusal means, and what to do about it. Source: "Error responses" in the Amazon S3 API Reference.
    init(
        _ response: CloudResponse, action: String, key: ObjectKey?, location: S3Location, accessKeyID: String, now: Date
    ) {
        let document = S3ErrorDocument(in: response)
        let right = response.headers.first(name: "x-amz-bucket-region")?.printable(60) ?? document?.region
        switch (document?.code, response.status) {
        case ("NoSuchBucket", _): self = .noSuchBucket(location.bucket)
        case ("NoSuchUpload", _): self = key.map { .uploadGone($0) } ?? .unsupported(action: action)
        case ("NoSuchKey", _): self = key.map { .notFound($0) } ?? .noSuchBucket(location.bucket)
        case ("InvalidAccessKeyId", _): self = .unknownAccessKey(accessKeyID)
        case ("SignatureDoesNotMatch", _): self = .signatureMismatch
        case ("ExpiredToken", _), ("InvalidToken", _), ("TokenRefreshRequired", _): self = .expiredCredentials
        case ("RequestTimeTooSkewed", _):
            self = .clockSkewed(here: now, there: response.serverDate)
        case ("XAmzContentSHA256Mismatch", _), ("BadDigest", _): self = .damagedOnTheWay(action: action)
        case ("QuotaExceeded", _), ("ServiceQuotaExceededException", _), (_, 507): self = .storageFull(place: action)
        case ("AuthorizationHeaderMalformed", _) where right != nil && right != location.region,
            ("IllegalLocationConstraintException", _):
            self = .wrongRegion(used: location.region, right: right)
        case (_, 301), (_, 307), (_, 308):
            // A region that is right cannot be the reason.
            self =
                if let right, right != location.region {
                    .wrongRegion(used: location.region, right: right)
                } else {
                    .wrongEndpoint(right: document?.endpoint)
                }
        case ("AccessDenied", _), ("AllAccessDisabled", _), ("AccountProblem", _), (nil, 401), (nil, 403):
            self = .accessDenied(action: action)
        case ("NotImplemented", _), (nil, 501): self = .unsupported(action: action)
        case ("SlowDown", _), (_, 429), (_, 500...599):
            self = .unavailable(action: action, status: response.status, code: document?.code)
        case (let code, let status):
            self = .unexpectedAnswer(action: action, status: status, code: code, message: document?.message ?? "")
        }
    }
}
