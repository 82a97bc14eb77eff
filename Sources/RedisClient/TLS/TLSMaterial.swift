internal import NIOCore
package import NIOSSL

/// What one side of TLS connections trusts and shows, read from PEM files. Equal when the files say the same.
package struct TLSMaterial: Sendable, Hashable {
    /// The authorities whose certificates count; nil for those the operating system trusts.
    package let authorities: [NIOSSLCertificate]?
    /// What is shown to the peer, the own certificate first; empty to show none.
    package let chain: [NIOSSLCertificate]
    package let key: NIOSSLPrivateKey?

    /// The paths of the files.
    package struct Files: Sendable, Hashable {
        package var ca: String?
        package var certificate: String?
        package var key: String?

        package init(ca: String? = nil, certificate: String? = nil, key: String? = nil) {
            self.ca = ca
            self.certificate = certificate
            self.key = key
        }
    }

    /// Reads the files now.
    package init(_ files: Files) throws(TLSProblem) {
        authorities = try files.ca.map { (path) throws(TLSProblem) in try Self.certificates(path) }
        chain = try files.certificate.map { (path) throws(TLSProblem) in try Self.certificates(path) } ?? []
        key = try files.key.map { (path) throws(TLSProblem) in
            do {
                return try NIOSSLPrivateKey(file: path, format: .pem)
            } catch {
                throw TLSProblem(path, "has no private key in PEM form that this user can read")
            }
        }
        switch (files.certificate, files.key) {
        case (let certificate?, nil): throw TLSProblem(certificate, "is a certificate without its key")
        case (nil, let key?): throw TLSProblem(key, "is a key without its certificate")
        default: break
        }
    }

    private static func certificates(_ path: String) throws(TLSProblem) -> [NIOSSLCertificate] {
        guard let certificates = try? NIOSSLCertificate.fromPEMFile(path), !certificates.isEmpty else {
            throw TLSProblem(path, "has no certificates in PEM form that this user can read")
        }
        return certificates
    }

    /// When the own certificate ends, in seconds since 1970; nil when none is shown.
    package var expiry: Int? { chain.first.map { Int($0.notValidAfter) } }

    /// The context of all connections with these and otherwise this configuration. `files` are for the error.
    package func context(_ configuration: TLSConfiguration, _ files: Files) throws(TLSProblem) -> NIOSSLContext {
        var configuration = configuration
        configuration.certificateChain = chain.map { .certificate($0) }
        configuration.privateKey = key.map { .privateKey($0) }
        configuration.trustRoots = authorities.map { .certificates($0) } ?? .default
        configuration.minimumTLSVersion = .tlsv12
        // Nobody waits for the farewell of a peer that may be dead.
        configuration.shutdownTimeout = .milliseconds(500)
        do {
            return try NIOSSLContext(configuration: configuration)
        } catch {
            throw TLSProblem(files.certificate ?? files.ca ?? "the configuration", "cannot be used with its key")
        }
    }
}

/// A file that cannot be used for TLS.
package struct TLSProblem: Error, Equatable, Sendable, CustomStringConvertible {
    package var path: String
    /// The rest of the sentence that begins with the path.
    package var reason: String

    package init(_ path: String, _ reason: String) {
        self.path = path
        self.reason = reason
    }

    package var description: String { "\(path) \(reason)" }
}
