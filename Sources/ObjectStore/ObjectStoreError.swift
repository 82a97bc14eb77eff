package import CloudHTTP
package import FoundationEssentials

/// Why a store did not do what it was asked to. ``description`` says it in one sentence, ``hint`` what to do about it.
package enum ObjectStoreError: Error, Equatable, Sendable {
    case invalidKey(String, String)
    case invalidLocation(String, reason: String)
    case notFound(ObjectKey)
    case alreadyExists(ObjectKey)
    /// Another object has been written under the name while this one was read.
    case changed(ObjectKey)
    /// The object ends before the size that it was said to have.
    case truncated(ObjectKey, at: Int64)
    case rangeOutside(ObjectKey, size: Int64)
    case tooLarge(ObjectKey, size: Int64, limit: Int)
    case listingTooLong(limit: Int)
    /// The key is a folder of other keys, or one of its folders is an object; S3 allows that, a directory does not.
    case nameTaken(ObjectKey)
    case notDeleted([ObjectKey: String])
    /// Somebody gave the upload up, or finished it, while it was in progress.
    case uploadGone(ObjectKey)
    /// More than S3's 10,000 parts.
    case tooManyParts(ObjectKey, partSize: Int)

    case noSuchBucket(String)
    case accessDenied(action: String)
    case unknownAccessKey(String)
    case signatureMismatch
    case expiredCredentials
    case wrongRegion(used: String, right: String?)
    case wrongEndpoint(right: String?)
    /// What this machine's clock shows, and the store's, when it said so.
    case clockSkewed(here: Date, there: Date?)
    /// The server found other bytes than were sent.
    case damagedOnTheWay(action: String)
    case unsupported(action: String)
    /// The disk, or what the store allows its user.
    case storageFull(place: String)
    /// The store is overloaded or broken, and stayed so through every attempt.
    case unavailable(action: String, status: Int, code: String?)
    /// What the store answered means nothing that is known here.
    case unexpectedAnswer(action: String, status: Int, code: String?, message: String)
    case unreachable(CloudHTTPError)
    /// An operation on a file failed otherwise.
    case file(path: String, reason: String)
}

extension ObjectStoreError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .invalidKey(let text, let reason): "\"\(text)\" cannot name an object: \(reason)"
        case .invalidLocation(let text, let reason): "\"\(text)\" is no store: \(reason)"
        case .notFound(let key): "there is no object \(key)"
        case .alreadyExists(let key): "there is an object \(key) already"
        case .changed(let key): "\(key) was replaced while it was read"
        case .truncated(let key, let offset): "\(key) ends at byte \(offset), before the size that it should have"
        case .rangeOutside(let key, let size): "\(key) has only \(size) bytes"
        case .tooLarge(let key, let size, let limit): "\(key) has \(size) bytes, more than \(limit)"
        case .listingTooLong(let limit): "the listing has more than \(limit) entries, or no end"
        case .nameTaken(let key): "\(key) cannot be written: a part of its path is an object, or it is a folder"
        case .notDeleted(let keys):
            "not deleted: "
                + keys.sorted { $0.key < $1.key }.prefix(5).map { "\($0.key) (\($0.value))" }.joined(separator: ", ")
                + (keys.count > 5 ? " and \(keys.count - 5) more" : "")
        case .uploadGone(let key): "the upload of \(key) was ended by somebody else"
        case .tooManyParts(let key, let partSize): "\(key) has more than 10,000 parts of \(partSize) bytes"
        case .noSuchBucket(let bucket): "there is no bucket \(bucket)"
        case .accessDenied(let action): "access denied: \(action)"
        case .unknownAccessKey(let id): "the store does not know the access key \(id)"
        case .signatureMismatch: "the store refuses the signature"
        case .expiredCredentials: "the credentials have expired or were revoked"
        case .wrongRegion(let used, let right):
            "the bucket is not in region \(used)" + (right.map { " but in \($0)" } ?? "")
        case .wrongEndpoint(let right):
            "the bucket is to be asked for elsewhere" + (right.map { ": at \($0)" } ?? "")
        case .clockSkewed(let here, let there): Self.skew(here, there)
        case .damagedOnTheWay(let action): "the store received other bytes than were sent: \(action)"
        case .unsupported(let action): "the store cannot do that: \(action)"
        case .storageFull(let place): "no room left: \(place)"
        case .unavailable(let action, let status, let code):
            "the store is overloaded or broken: \(action) was answered \(Self.answer(status, code)) to the last attempt"
        case .unexpectedAnswer(let action, let status, let code, let message):
            "\(action) was answered \(Self.answer(status, code))" + (message.isEmpty ? "" : ": \(message)")
        case .unreachable(let error): error.description
        case .file(let path, let reason): "\(path): \(reason)"
        }
    }

    /// What to do about it; nil when that is for the caller to say.
    package var hint: String? {
        switch self {
        case .noSuchBucket: "check the bucket's name and the endpoint; Breakwater makes no buckets"
        case .accessDenied:
            "the key needs the permissions of docs/object-storage.md on this bucket and prefix; in a folder, this user"
        case .unknownAccessKey: "check AWS_ACCESS_KEY_ID, and that the key belongs to this endpoint"
        case .signatureMismatch:
            "check AWS_SECRET_ACCESS_KEY; a proxy that changes requests on the way can be the cause, too"
        case .expiredCredentials: "make new credentials; temporary ones need AWS_SESSION_TOKEN beside the keys"
        case .wrongRegion(_, let right): right.map { "say region=\($0) in the store's URL" } ?? "check the region"
        case .wrongEndpoint: "say that endpoint in the store's URL"
        case .clockSkewed: "set this machine's clock (timedatectl set-ntp true); requests are signed with its time"
        case .damagedOnTheWay: "try again; if it goes on, something on the way changes the data"
        case .storageFull: "make room, or prune old backups"
        case .unavailable: "try again later; if it goes on, ask the provider"
        case .tooManyParts: "use larger parts"
        case .unreachable(.untrusted): "check the endpoint; for an authority of your own say ca=FILE in the store's URL"
        case .unreachable: "check the endpoint, and that this machine may reach it"
        case .nameTaken: "use another name"
        case .file: "check the path, that what should be mounted there is, and that this user may write to it"
        default: nil
        }
    }

    private static func answer(_ status: Int, _ code: String?) -> String {
        "\(status)" + (code.map { " \($0)" } ?? "")
    }

    private static func skew(_ here: Date, _ there: Date?) -> String {
        let shown = "this machine's clock is at \(here.formatted(.iso8601))"
        guard let there else { return "\(shown), and the store's differs too much" }
        let seconds = Int(there.timeIntervalSince(here).rounded())
        return
            "\(shown), \(abs(seconds)) s \(seconds < 0 ? "ahead of" : "behind") the store's, \(there.formatted(.iso8601))"
    }
}
