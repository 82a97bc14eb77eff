package import Foundation
internal import SwiftASN1
internal import X509

/// What decides whether a host's certificate is still good.
package struct CertificateFacts: Sendable, Equatable {
    package var notBefore: Date
    package var notAfter: Date
    package var names: [String]
    /// IP addresses, each as its 4 or 16 bytes.
    private var addresses: [[UInt8]]

    /// Reads the first certificate of a PEM text; nil when there is none.
    package init?(pem: String) {
        guard let certificate = try? Certificate(pemEncoded: pem) else { return nil }
        notBefore = certificate.notValidBefore
        notAfter = certificate.notValidAfter
        names = []
        addresses = []
        guard let alternatives = try? certificate.extensions.subjectAlternativeNames else { return }
        for name in alternatives {
            switch name {
            case .dnsName(let name): names.append(name)
            case .ipAddress(let address): addresses.append(Array(address.bytes))
            default: break
            }
        }
    }

    /// Whether it is for this IPv4 or IPv6 address.
    package func covers(_ address: String) -> Bool {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, address, &bytes) == 1 { return addresses.contains(Array(bytes[..<4])) }
        return inet_pton(AF_INET6, address, &bytes) == 1 && addresses.contains(bytes)
    }

    /// Whether it is time for another: less than a third of its time is left, or it is not valid yet.
    package func isDue(_ now: Date) -> Bool {
        Self.isDue(from: notBefore, to: notAfter, now)
    }

    package static func isDue(from notBefore: Date, to notAfter: Date, _ now: Date) -> Bool {
        now < notBefore || notAfter.timeIntervalSince(now) < notAfter.timeIntervalSince(notBefore) / 3
    }
}
