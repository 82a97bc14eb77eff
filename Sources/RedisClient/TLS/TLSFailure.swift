internal import NIOSSL

/// Why a TLS connection failed, in words.
package enum TLSFailure {
    /// Nil when the error has nothing to do with TLS.
    package static func reason(_ error: any Error) -> String? {
        switch error {
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            "the certificate is not for this address"
        case let error as NIOSSLExtraError: "TLS: \(error)"
        case NIOSSLError.handshakeFailed(let error): reason(boring: error)
        case NIOSSLError.unableToValidateCertificate: "the certificate cannot be checked"
        case NIOSSLError.uncleanShutdown: "closed in the middle of a TLS connection"
        case let error as NIOSSLError: "TLS: \(error)"
        case let error as BoringSSLError: reason(boring: error)
        default: nil
        }
    }

    /// Whether the peer hung up during the handshake: no word about certificates.
    static func isHangUp(_ error: any Error) -> Bool {
        switch error {
        case NIOSSLError.uncleanShutdown: true
        case NIOSSLError.handshakeFailed(.sslError(let stack)): stack.contains(.eofDuringHandshake)
        default: false
        }
    }

    /// BoringSSL's names of reasons (its ssl_error.errordata), which is all that it tells.
    private static func reason(boring error: BoringSSLError) -> String {
        guard case .sslError(let stack) = error else { return "TLS: \(error)" }
        if stack.contains(.eofDuringHandshake) { return "closed during the TLS handshake" }
        let text = stack.map(\.description).joined(separator: "; ")
        let known = [
            ("CERTIFICATE_VERIFY_FAILED", "the certificate is not of an authority that is trusted, or has expired"),
            ("WRONG_VERSION_NUMBER", "the other side does not speak TLS"),
            ("HTTP_REQUEST", "the other side does not speak TLS"),
            ("CERTIFICATE_REQUIRED", "a client certificate is required"),
            ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "a client certificate is required, and none came"),
            ("HANDSHAKE_FAILURE", "the other side refused the handshake"),
            ("UNKNOWN_CA", "the other side does not trust the certificate shown to it"),
            ("CERTIFICATE_EXPIRED", "the certificate shown to the other side has expired"),
            ("BAD_CERTIFICATE", "the other side does not accept the certificate shown to it"),
            ("CERTIFICATE_UNKNOWN", "the other side does not accept the certificate shown to it"),
            ("DECRYPT_ERROR", "the other side does not accept the certificate shown to it"),
            ("UNSUPPORTED_PROTOCOL", "there is no TLS version that both sides speak"),
        ]
        return known.first { text.contains($0.0) }?.1 ?? "TLS: \(text)"
    }
}
