/// What a command is answered while a cache is degraded: there is no master, nothing is kept, and the client must not
/// notice more than misses. What an empty Redis answers that forgets every write at once, and never more than is true:
/// that something was *not* done (SET NX, EXPIRE) is, that a lock is held or a number was counted would not be.
package enum DegradedAnswer: UInt8, Sendable, CaseIterable {
    /// There is no answer that is true: the client's connection is closed.
    case none
    case ok
    case zero
    /// -2, no such key.
    case noKey
    /// The type of a key that does not exist.
    case noType
    case null
    case emptyString
    case emptyArray
    /// RESP3 knows sets and maps; to RESP2 they are arrays.
    case emptySet
    case emptyMap
    /// Null, or with a count the empty array.
    case nullOrEmptyArray
    /// A null for each argument from the first key on.
    case nullForEachKey
    /// A null or a zero for each argument behind the key.
    case nullForEachMember
    case zeroForEachMember
    /// The end of a walk that found nothing.
    case endOfScan
    /// SET: OK if it is plain, null with NX or XX, for then nothing is set; with GET none.
    case byCondition
    /// How many fields (HSET), or with ZADD without options members, are new where there is nothing.
    case fieldCount
    case memberCount
    case ping, echo, time, info
    /// AUTH, SELECT, HELLO, MULTI and others of the connection: answered by what the sidecar keeps of the session.
    case session

    /// How the documentation calls it.
    var text: String {
        switch self {
        case .none: "closed"
        case .ok: "OK"
        case .zero: "0"
        case .noKey: "-2"
        case .noType: "none"
        case .null: "null"
        case .emptyString: "empty string"
        case .emptyArray, .emptySet, .emptyMap: "empty"
        case .nullOrEmptyArray: "null, or empty"
        case .nullForEachKey, .nullForEachMember: "null for each"
        case .zeroForEachMember: "0 for each"
        case .endOfScan: "cursor 0, empty"
        case .byCondition: "OK; null with NX or XX; closed with GET"
        case .fieldCount: "the number of fields"
        case .memberCount: "the number of members; closed with options"
        case .ping: "PONG"
        case .echo: "its argument"
        case .time: "the sidecar's time"
        case .info: "a few fields"
        case .session: "answered"
        }
    }
}
