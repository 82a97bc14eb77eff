import Certificates
import Foundation
import Testing

struct CertificateTests {
    private let now = Date(timeIntervalSince1970: 1_800_000_000)
    private let day: TimeInterval = 86_400

    @Test func aHostIsCertifiedUnderItsNameAndAddresses() throws {
        let authority = try CertificateAuthority(name: "test", now: now, lifetime: 365 * day)
        let issued = try authority.issue(
            name: "redis-1", addresses: ["127.1.2.3", "fd00::1"], now: now, lifetime: 30 * day)
        let facts = try #require(CertificateFacts(pem: issued.certificatePEM))
        #expect(facts.names == ["redis-1"])
        #expect(facts.covers("127.1.2.3") && facts.covers("fd00::1"))
        #expect(!facts.covers("127.1.2.4") && !facts.covers("redis-1") && !facts.covers(""))
        #expect(authority.hasIssued(issued.certificatePEM))
        let other = try CertificateAuthority(name: "test", now: now, lifetime: 365 * day)
        #expect(!other.hasIssued(issued.certificatePEM))
    }

    @Test func anAuthorityIsKeptAsText() throws {
        let authority = try CertificateAuthority(name: "test", now: now, lifetime: 365 * day)
        let (certificate, key) = try authority.pem()
        let kept = try #require(CertificateAuthority(certificatePEM: certificate, keyPEM: key))
        #expect(kept.hasIssued(try authority.issue(name: "a", addresses: [], now: now, lifetime: day).certificatePEM))
        let (_, strange) = try CertificateAuthority(name: "test", now: now, lifetime: day).pem()
        #expect(CertificateAuthority(certificatePEM: certificate, keyPEM: strange) == nil)
        #expect(CertificateAuthority(certificatePEM: "", keyPEM: key) == nil)
    }

    /// Days after it was made: whether a certificate for thirty days is due.
    @Test(arguments: [(0.0, false), (19, false), (21, true), (31, true), (-1, true)])
    func aThirdOfTheTimeIsLeftForRenewal(_ days: Double, _ due: Bool) throws {
        let authority = try CertificateAuthority(name: "test", now: now, lifetime: 365 * day)
        let issued = try authority.issue(name: "a", addresses: [], now: now, lifetime: 30 * day)
        let facts = try #require(CertificateFacts(pem: issued.certificatePEM))
        #expect(facts.isDue(now.addingTimeInterval(days * day)) == due)
    }

    /// A chain is valid only as long as all of it.
    @Test func nothingOutlivesItsAuthority() throws {
        let authority = try CertificateAuthority(name: "test", now: now, lifetime: 10 * day)
        let issued = try authority.issue(name: "a", addresses: [], now: now, lifetime: 30 * day)
        #expect(try #require(CertificateFacts(pem: issued.certificatePEM)).notAfter == authority.notAfter)
    }

    @Test func printingShowsNoKey() throws {
        let authority = try CertificateAuthority(name: "test", now: now, lifetime: day)
        let issued = try authority.issue(name: "a", addresses: [], now: now, lifetime: day)
        var dumped = ""
        dump(issued, to: &dumped)
        #expect(!"\(issued) \(dumped)".contains("PRIVATE"))
    }
}
