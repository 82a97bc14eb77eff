internal import Crypto
package import Foundation
internal import SwiftASN1
internal import X509

/// The authority of one local store: it vouches for the store's hosts and nobody else. Not for production, where keys
/// do not live beside what they sign; see docs/tls.md.
package struct CertificateAuthority: Sendable {
    private let certificate: Certificate
    private let key: P256.Signing.PrivateKey

    /// Makes a new one.
    package init(name: String, now: Date, lifetime: TimeInterval) throws {
        let key = P256.Signing.PrivateKey()
        let subject = try DistinguishedName { CommonName(name) }
        certificate = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey),
            notValidBefore: now.backdated, notValidAfter: now.addingTimeInterval(lifetime), issuer: subject,
            subject: subject, signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                // It signs hosts, no other authorities.
                Critical(BasicConstraints.isCertificateAuthority(maxPathLength: 0))
                Critical(KeyUsage(keyCertSign: true, cRLSign: true))
                SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey))
            }, issuerPrivateKey: .init(key))
        self.key = key
    }

    /// Reads one that was kept; nil when the texts are not a certificate and its key.
    package init?(certificatePEM: String, keyPEM: String) {
        guard let certificate = try? Certificate(pemEncoded: certificatePEM),
            let key = try? P256.Signing.PrivateKey(pemRepresentation: keyPEM),
            certificate.publicKey == Certificate.PublicKey(key.publicKey)
        else { return nil }
        self.certificate = certificate
        self.key = key
    }

    package var notAfter: Date { certificate.notValidAfter }
    package var notBefore: Date { certificate.notValidBefore }

    /// In PEM form; the key is for a file that its owner alone can read.
    package func pem() throws -> (certificate: String, key: String) {
        (try certificate.serializeAsPEM().pemString + "\n", key.pemRepresentation + "\n")
    }

    /// Certifies a host under its name and its IP addresses, as a server and as a client: Redis shows one certificate
    /// both when it is connected to and when it connects.
    package func issue(
        name: String, addresses: [String], now: Date, lifetime: TimeInterval
    ) throws -> IssuedCertificate {
        let key = P256.Signing.PrivateKey()
        let names = [GeneralName.dnsName(name)] + addresses.compactMap(Self.address)
        let end = min(now.addingTimeInterval(lifetime), certificate.notValidAfter)
        let issued = try Certificate(
            version: .v3, serialNumber: .init(), publicKey: .init(key.publicKey), notValidBefore: now.backdated,
            notValidAfter: end, issuer: certificate.subject, subject: try DistinguishedName { CommonName(name) },
            signatureAlgorithm: .ecdsaWithSHA256,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                Critical(KeyUsage(digitalSignature: true))
                try ExtendedKeyUsage([.serverAuth, .clientAuth])
                SubjectAlternativeNames(names)
                SubjectKeyIdentifier(hash: Certificate.PublicKey(key.publicKey))
                // Tells an authority from its predecessor of the same name.
                AuthorityKeyIdentifier(
                    keyIdentifier: SubjectKeyIdentifier(hash: certificate.publicKey).keyIdentifier)
            }, issuerPrivateKey: .init(self.key))
        return IssuedCertificate(
            certificatePEM: try issued.serializeAsPEM().pemString + "\n", keyPEM: key.pemRepresentation + "\n")
    }

    /// Whether this authority signed it.
    package func hasIssued(_ certificatePEM: String) -> Bool {
        guard let issued = try? Certificate(pemEncoded: certificatePEM) else { return false }
        return certificate.publicKey.isValidSignature(issued.signature, for: issued)
    }

    private static func address(_ text: String) -> GeneralName? {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 {
            return .ipAddress(ASN1OctetString(contentBytes: bytes[..<4]))
        }
        return inet_pton(AF_INET6, text, &bytes) == 1 ? .ipAddress(ASN1OctetString(contentBytes: bytes[...])) : nil
    }
}

/// A host's certificate and private key in PEM form. Printing it shows neither.
package struct IssuedCertificate: Sendable, CustomStringConvertible, CustomReflectable {
    package let certificatePEM: String
    /// For a file that its owner alone can read.
    package let keyPEM: String

    package var description: String { "<certificate>" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Date {
    /// A minute earlier, for clocks that are a little behind.
    fileprivate var backdated: Date { addingTimeInterval(-60) }
}
