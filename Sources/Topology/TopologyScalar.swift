/// A value written as one YAML scalar.
protocol TopologyScalar {
    /// What is expected, after "must be": `a duration such as 800ms, 5s or 10m`.
    static var expectation: String { get }
    /// Reads the text; throws why it cannot be used.
    init(scalar text: String) throws(UnusableScalar)
    /// The way it would be written in a file.
    var topologyText: String { get }
}

/// Why a scalar cannot be used; the message is completed with the value's path.
struct UnusableScalar: Error {
    var code = DiagnosticCode.invalidValue
    /// What follows the path in the message.
    var message: String
    var hint: String?
}

extension TopologyScalar {
    /// "`x` is not `Self`".
    static func refused(_ text: String, hint: String? = nil) -> UnusableScalar {
        UnusableScalar(message: "must be \(expectation), not \(quoted(text))", hint: hint)
    }
}

extension String: TopologyScalar {
    static var expectation: String { "a text" }
    init(scalar text: String) throws(UnusableScalar) {
        guard !text.isEmpty else { throw UnusableScalar(message: "must not be empty") }
        self = text
    }
    var topologyText: String { self }
}

extension Int: TopologyScalar {
    static var expectation: String { "a whole number" }
    init(scalar text: String) throws(UnusableScalar) {
        guard let number = Int(text) else { throw Self.refused(text) }
        self = number
    }
    var topologyText: String { String(self) }
}

extension Bool: TopologyScalar {
    static var expectation: String { "true or false" }
    init(scalar text: String) throws(UnusableScalar) {
        switch text.lowercased() {
        case "true", "yes", "on": self = true
        case "false", "no", "off": self = false
        default: throw Self.refused(text)
        }
    }
    var topologyText: String { String(self) }
}

extension Duration: TopologyScalar {
    static var expectation: String { "a duration such as 800ms, 5s or 10m" }
    init(scalar text: String) throws(UnusableScalar) {
        guard let duration = Duration(topologyText: text) else {
            let hint = Int(text) == nil ? nil : "add the unit: \(text)ms, \(text)s, \(text)m or \(text)h"
            throw Self.refused(text, hint: hint)
        }
        self = duration
    }
}

extension ByteSize: TopologyScalar {
    static var expectation: String { "a size such as 512MiB or 64KB" }
    init(scalar text: String) throws(UnusableScalar) {
        guard let size = ByteSize(text) else { throw Self.refused(text) }
        self = size
    }
    var topologyText: String { description }
}

extension ListenAddress: TopologyScalar {
    static var expectation: String { "an address such as unix:/run/breakwater/redis.sock, 10.10.0.31:6379 or :6379" }
    init(scalar text: String) throws(UnusableScalar) {
        guard let address = ListenAddress(text) else { throw Self.refused(text) }
        if case .unix(let path) = address {
            // sockaddr_un holds 108 bytes with the terminator.
            guard path.utf8.count <= 107 else {
                throw UnusableScalar(message: "has a path of \(path.utf8.count) bytes; unix sockets allow 107")
            }
            guard StringRule.plainPath.test(path) else { throw Self.refused(text, hint: StringRule.plainPath.hint) }
        }
        self = address
    }
    var topologyText: String { description }
}

extension SecretReference: TopologyScalar {
    static var expectation: String { "file:/path or env:NAME" }
    init(scalar text: String) throws(UnusableScalar) {
        // The text may be the secret itself, so it is never repeated.
        guard let reference = SecretReference(text) else {
            throw UnusableScalar(
                code: .literalSecret, message: "must be file:/path or env:NAME; a topology file holds no secrets",
                hint: "put the secret into a file that only its user can read and write file:/path/to/it")
        }
        self = reference
    }
    var topologyText: String { description }
}

/// An enumeration whose raw values are the words of the file.
protocol TopologyWord: TopologyScalar, CaseIterable, RawRepresentable where RawValue == String {}

extension TopologyWord {
    static var expectation: String {
        let words = allCases.map(\.rawValue)
        return words.count == 1 ? "`\(words[0])`" : "one of \(words.joined(separator: ", "))"
    }
    init(scalar text: String) throws(UnusableScalar) {
        guard let value = Self(rawValue: text) else {
            let near = nearest(to: text, among: Self.allCases.map(\.rawValue))
            throw Self.refused(text, hint: near.map { "did you mean `\($0)`?" })
        }
        self = value
    }
    var topologyText: String { rawValue }
}

extension StoreTopology.Provider: TopologyWord {}
extension LoadBalancerTopology.Sticky: TopologyWord {}
extension RedisTopology.Role: TopologyWord {}
extension RedisTopology.Failover: TopologyWord {}
extension RedisTopology.Persistence: TopologyWord {}
extension RedisTopology.EvictionPolicy: TopologyWord {}
extension SidecarTopology.OnTimeout: TopologyWord {}
extension TLSTopology.Clients: TopologyWord {}
extension MySQLTopology.TLS: TopologyWord {}
extension DNSTopology.Provider: TopologyWord {}
extension RegionFailoverTopology.Mode: TopologyWord {}
extension RegionFailoverTopology.Fence: TopologyWord {}

extension LoadBalancerTopology.Endpoint: TopologyScalar {
    static var expectation: String { "a protocol and a port such as https:443" }
    init(scalar text: String) throws(UnusableScalar) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let scheme = LoadBalancerTopology.Scheme(rawValue: String(parts[0])),
            let port = Int(parts[1]), (1...65_535).contains(port)
        else { throw Self.refused(text) }
        self.init(scheme: scheme, port: port)
    }
    var topologyText: String { "\(scheme.rawValue):\(port)" }
}
