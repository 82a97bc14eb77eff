import RedisClient

/// Decides which requests to the control API are heard: those whose seal is right, that are fresh, and that were never
/// heard before. A value; the times are arguments.
///
/// What somebody who reads the network could try, and what stands against it: changing a request or a reply (the
/// seal), sending a request again (its nonce is remembered for as long as its time is accepted, and what is dated
/// before the start of the process is refused), sending it to another sidecar (the address is sealed), guessing (rate).
struct ControlAdmission {
    /// How far clocks may differ, in milliseconds.
    static let clockAllowance: Int64 = 30_000
    /// Requests heard within the allowance; beyond that nothing is heard until some are old.
    static let nonceLimit = 16_384
    /// Bad seals from one address within ``failureWindow`` ms, after which it is not listened to.
    static let failureLimit = 20
    static let failureWindow: Int64 = 10_000
    private static let addressLimit = 1_024

    enum Verdict: Equatable {
        case admitted
        /// HTTP status and reason. Reasons tell nothing about the secret.
        case refused(Int, String)
    }

    private let key: ControlKey
    private let startedAt: Int64
    private var nonces: [String: Int64] = [:]
    private var oldest: Int64 = .max
    private var failures: [String: (since: Int64, count: Int)] = [:]

    /// `startedAt`: milliseconds since 1970.
    init(key: ControlKey, startedAt: Int64) {
        self.key = key
        self.startedAt = startedAt
    }

    /// `peer` is the sender's address, without its port.
    mutating func admit(_ request: ControlRequest, seal: String, from peer: String, now: Int64) -> Verdict {
        if isShut(to: peer, now) { return .refused(429, "too many bad requests; wait \(Self.failureWindow / 1000) s") }
        guard Self.isText(request.nonce), Self.isText(request.verb), key.isSeal(seal, of: request) else {
            noteFailure(peer, now)
            return .refused(401, "the seal is wrong: both sides need the same control secret")
        }
        // From here on it is somebody who knew the secret at some time.
        let (age, overflow) = now.subtractingReportingOverflow(request.time)
        guard !overflow, age.magnitude <= UInt64(Self.clockAllowance) else {
            return .refused(401, "the request's time is more than 30 s off: compare the clocks")
        }
        guard request.time >= startedAt else {
            return .refused(401, "the request is older than this process: try again")
        }
        forget(now)
        guard nonces.count < Self.nonceLimit else { return .refused(429, "too many requests") }
        guard nonces.updateValue(request.time, forKey: request.nonce) == nil else {
            return .refused(401, "the request was heard before")
        }
        oldest = min(oldest, request.time)
        return .admitted
    }

    /// Counts what breaks the rules before a seal could be looked at.
    mutating func noteFailure(_ peer: String, _ now: Int64) {
        if failures.count >= Self.addressLimit {
            failures = failures.filter { now - $0.value.since < Self.failureWindow }
            // So many addresses at once are an attack on this table; it begins anew.
            if failures.count >= Self.addressLimit { failures = [:] }
        }
        if let entry = failures[peer], now - entry.since < Self.failureWindow {
            failures[peer] = (entry.since, entry.count + 1)
        } else {
            failures[peer] = (now, 1)
        }
    }

    private func isShut(to peer: String, _ now: Int64) -> Bool {
        guard let entry = failures[peer], now - entry.since < Self.failureWindow else { return false }
        return entry.count >= Self.failureLimit
    }

    /// Lets go of nonces whose time would not be accepted any more. Walks them only when one is due.
    private mutating func forget(_ now: Int64) {
        guard oldest < now - Self.clockAllowance else { return }
        nonces = nonces.filter { $0.value >= now - Self.clockAllowance }
        oldest = nonces.values.min() ?? .max
    }

    private static func isText(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
