internal import Crypto
package import FoundationEssentials
package import NIOCore
internal import NIOHTTP1
internal import Topology

/// Signs requests with AWS Signature Version 4, which S3 and what speaks like it ask for.
/// Source: "Signature Version 4 signing process" in the AWS General Reference.
///
/// The path is encoded once, as S3 has it; other services want an encoded path encoded again, which makes no difference
/// to one of unreserved characters.
package struct SigV4Signer: Sendable {
    package let credentials: CloudCredentials
    package let region: String
    package let service: String
    /// S3 demands the payload's hash as a header of its own, `x-amz-content-sha256`.
    package let sendsPayloadHash: Bool

    private static let algorithm = "AWS4-HMAC-SHA256"
    /// What proxies on the way may change, and what the client adds itself.
    private static let unsigned: Set<String> = ["authorization", "connection", "expect", "user-agent"]

    package init(credentials: CloudCredentials, region: String, service: String, sendsPayloadHash: Bool) {
        self.credentials = credentials
        self.region = region
        self.service = service
        self.sendsPayloadHash = sendsPayloadHash
    }

    /// Adds the headers `host`, `x-amz-date`, `x-amz-security-token` and `authorization`; every header that the request
    /// has by then is signed. The payload's hash is an argument, for the same body may be signed more than once.
    package func sign(_ request: inout CloudRequest, payloadHash: String, at date: Date) {
        let time = UTCTime(date)
        request.headers.replaceOrAdd(name: "host", value: request.endpoint.authority)
        request.headers.replaceOrAdd(name: "x-amz-date", value: time.basic)
        if let token = credentials.sessionToken {
            request.headers.replaceOrAdd(name: "x-amz-security-token", value: token.reveal())
        }
        if sendsPayloadHash { request.headers.replaceOrAdd(name: "x-amz-content-sha256", value: payloadHash) }
        let canonical = Self.canonicalRequest(request, payloadHash: payloadHash)
        let signature = signature(of: stringToSign(canonical.text, at: time), at: time)
        request.headers.replaceOrAdd(
            name: "authorization",
            value: "\(Self.algorithm) Credential=\(credentials.accessKeyID)/\(scope(at: time)), "
                + "SignedHeaders=\(canonical.signedHeaders), Signature=\(signature)")
    }

    /// Step 1: the request in the one form that both sides can make of it.
    static func canonicalRequest(
        _ request: CloudRequest, payloadHash: String
    ) -> (text: String, signedHeaders: String) {
        var values: [String: [String]] = [:]
        for header in request.headers {
            let name = header.name.lowercased()
            guard !unsigned.contains(name) else { continue }
            let words = header.value.split { $0 == " " || $0 == "\t" || $0.isNewline }
            values[name, default: []].append(words.joined(separator: " "))
        }
        let names = values.keys.sorted()
        let signedHeaders = names.joined(separator: ";")
        let headers = names.map { "\($0):\(values[$0, default: []].joined(separator: ","))\n" }.joined()
        let text = [
            request.method.rawValue, request.encodedPath, request.encodedQuery, headers, signedHeaders, payloadHash,
        ].joined(separator: "\n")
        return (text, signedHeaders)
    }

    /// Step 2.
    func stringToSign(_ canonicalRequest: String, at time: UTCTime) -> String {
        let hash = SHA256.hash(data: Array(canonicalRequest.utf8)).hexadecimal
        return [Self.algorithm, time.basic, scope(at: time), hash].joined(separator: "\n")
    }

    /// Steps 3 and 4: the key of this day, region and service, and the signature made with it.
    func signature(of stringToSign: String, at time: UTCTime) -> String {
        func mac(_ text: String, _ key: some ContiguousBytes) -> HashedAuthenticationCode<SHA256> {
            HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key))
        }
        let day = mac(time.basicDay, Array("AWS4\(credentials.secretAccessKey.reveal())".utf8))
        return mac(stringToSign, mac("aws4_request", mac(service, mac(region, day)))).hexadecimal
    }

    private func scope(at time: UTCTime) -> String { "\(time.basicDay)/\(region)/\(service)/aws4_request" }
}

/// The hash of a body as SigV4 writes it; nil is the empty body.
package func payloadHash(of body: ByteBuffer?) -> String {
    var hash = SHA256()
    body.map { $0.withUnsafeReadableBytes { hash.update(bufferPointer: $0) } }
    return hash.finalize().hexadecimal
}
