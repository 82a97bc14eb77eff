internal import Crypto
internal import FoundationEssentials
package import NIOCore

/// The secret that users of the control API prove to know. It never travels: every request and every reply carries an
/// HMAC-SHA256 instead, over all that matters, so that neither can be changed, sent again or sent elsewhere.
package struct ControlKey: Hashable, Sendable {
    private let secret: Secret

    package init(_ secret: Secret) {
        self.secret = secret
    }

    /// The seal of a request: hexadecimal.
    package func seal(of request: ControlRequest) -> String {
        Self.text(
            authentication(["request", request.audience, request.verb, "\(request.time)", request.nonce], request.body))
    }

    /// The seal of the reply to a request, which its nonce names.
    package func seal(ofReplyTo nonce: String, status: Int, body: [UInt8]) -> String {
        Self.text(authentication(["reply", nonce, "\(status)"], body))
    }

    /// Compares in constant time. False for anything that is no seal.
    package func isSeal(_ text: String, of request: ControlRequest) -> Bool {
        isSeal(text, ["request", request.audience, request.verb, "\(request.time)", request.nonce], request.body)
    }

    package func isSeal(_ text: String, ofReplyTo nonce: String, status: Int, body: [UInt8]) -> Bool {
        isSeal(text, ["reply", nonce, "\(status)"], body)
    }

    /// The parts have no line ends in them (the caller sees to that), and the body is last: no two messages have one
    /// input.
    private func input(_ parts: [String], _ body: [UInt8]) -> [UInt8] {
        Array((["breakwater-control-1"] + parts).joined(separator: "\n").utf8) + [UInt8(ascii: "\n")] + body
    }

    private var key: SymmetricKey { SymmetricKey(data: Array(secret.exposed.utf8)) }

    private func authentication(_ parts: [String], _ body: [UInt8]) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: input(parts, body), using: key)
    }

    private func isSeal(_ text: String, _ parts: [String], _ body: [UInt8]) -> Bool {
        guard let code = Self.bytes(text) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: input(parts, body), using: key)
    }

    private static func text(_ code: HMAC<SHA256>.MAC) -> String {
        code.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }

    /// 32 bytes from 64 hexadecimal digits.
    private static func bytes(_ text: String) -> [UInt8]? {
        let digits = Array(text.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: 64, by: 2) {
            guard let high = digits[index].hexadecimal, let low = digits[index + 1].hexadecimal else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }
}

extension UInt8 {
    fileprivate var hexadecimal: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

/// What a request's seal covers.
package struct ControlRequest: Hashable, Sendable {
    /// The address and port that the request was sent to, as the connection itself knows them at both ends: a request
    /// to one sidecar is none to another.
    package var audience: String
    /// The last part of the path.
    package var verb: String
    /// Milliseconds since 1970 on the sender's clock.
    package var time: Int64
    /// Never used twice.
    package var nonce: String
    package var body: [UInt8]

    package init(audience: String, verb: String, time: Int64, nonce: String, body: [UInt8]) {
        self.audience = audience
        self.verb = verb
        self.time = time
        self.nonce = nonce
        self.body = body
    }

    /// `10.0.0.31:9123`, from a connection's own address or its peer's.
    package static func audience(_ address: SocketAddress?) -> String? {
        guard let address, let host = address.ipAddress, let port = address.port else { return nil }
        return RedisEndpoint(host: host, port: port).description
    }

    package static func newNonce() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in String(generator.next() as UInt64, radix: 16) }.joined(separator: "-")
    }

    package static var clock: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    /// The names of what a request and a reply carry beside their body.
    package enum Header {
        package static let time = "Breakwater-Time"
        package static let nonce = "Breakwater-Nonce"
        package static let seal = "Breakwater-Seal"
    }

    /// The most bytes of a request's or a reply's body.
    package static let bodyLimit = 8 * 1024
    package static let path = "/control/"
}
