internal import Certificates
internal import Foundation
internal import RedisClient
internal import Rendering
internal import Topology

/// The certificates of one local store: an authority of its own, one certificate for each host, and one for this
/// program. Made when they are first needed, and anew when a third of their time is left.
struct LocalCertificates {
    /// Short, since they renew themselves.
    private static let lifetime: TimeInterval = 30 * 86_400
    private static let authorityLifetime: TimeInterval = 365 * 86_400

    private let state: StateDirectory

    init(_ state: StateDirectory) { self.state = state }

    /// Where a host has its certificates.
    static func files(of host: String, _ state: StateDirectory) -> TLSTopology.Files {
        RenderLayout.local(directory: state.hosts).tls(TLSTopology(files: nil, clients: .required), on: host)
    }

    /// What this program shows to the servers.
    var own: TLSTopology.Files {
        TLSTopology.Files(
            ca: state.tlsFile("ca.crt"), certificate: state.tlsFile("breakwater.crt"),
            key: state.tlsFile("breakwater.key"))
    }

    /// Connections that use these files.
    static func connecting(_ files: TLSTopology.Files) throws(StackError) -> RedisTLS {
        RedisTLS(try settings(files))
    }

    static func settings(_ files: TLSTopology.Files) throws(StackError) -> RedisTLS.Settings {
        do {
            return try RedisTLS.Settings(
                TLSMaterial.Files(ca: files.ca, certificate: files.certificate, key: files.key))
        } catch {
            throw StackError("certificates_unusable", "\(error)")
        }
    }

    /// Makes what is missing, due, or not for the host's present address; with `all`, every certificate. The authority
    /// is replaced only before anything runs. Returns whether anything changed.
    @discardableResult
    func refresh(for topology: StoreTopology, all: Bool = false, now: Date = Date()) throws(StackError) -> Bool {
        do {
            return try make(topology, all: all, now)
        } catch let error as StackError {
            throw error
        } catch {
            throw StackError("certificates_unusable", "the store's certificates cannot be made", cause: "\(error)")
        }
    }

    private func make(_ topology: StoreTopology, all: Bool, _ now: Date) throws -> Bool {
        try StateDirectory.makeDirectory("\(state.path)/tls")
        let authority = try authority(of: topology.store, now)
        let authorityText = try authority.pem().certificate
        var changed = try renew("breakwater", [], own, authority, all: all, now)
        for host in topology.hosts {
            let files = Self.files(of: host.name, state)
            try StateDirectory.makeDirectory(
                URL(filePath: files.ca).deletingLastPathComponent().path(percentEncoded: false))
            if StateDirectory.read(files.ca) != authorityText {
                try StateDirectory.write(authorityText, to: files.ca)
                changed = true
            }
            let addresses = host.address.map { [$0] } ?? []
            changed = try renew(host.name, addresses, files, authority, all: all, now) || changed
        }
        return changed
    }

    private func authority(of store: String, _ now: Date) throws -> CertificateAuthority {
        if let certificate = StateDirectory.read(own.ca), let key = StateDirectory.read(state.tlsFile("ca.key")),
            let kept = CertificateAuthority(certificatePEM: certificate, keyPEM: key),
            !CertificateFacts.isDue(from: kept.notBefore, to: kept.notAfter, now)
        {
            return kept
        }
        let authority = try CertificateAuthority(
            name: "Breakwater local store \(store)", now: now, lifetime: Self.authorityLifetime)
        let (certificate, key) = try authority.pem()
        try StateDirectory.write(key, to: state.tlsFile("ca.key"))
        try StateDirectory.write(certificate, to: own.ca)
        return authority
    }

    private func renew(
        _ name: String, _ addresses: [String], _ files: TLSTopology.Files, _ authority: CertificateAuthority, all: Bool,
        _ now: Date
    ) throws -> Bool {
        if !all, let text = StateDirectory.read(files.certificate), StateDirectory.read(files.key) != nil,
            let facts = CertificateFacts(pem: text), !facts.isDue(now), addresses.allSatisfy(facts.covers),
            authority.hasIssued(text)
        {
            return false
        }
        let issued = try authority.issue(name: name, addresses: addresses, now: now, lifetime: Self.lifetime)
        try StateDirectory.write(issued.keyPEM, to: files.key)
        try StateDirectory.write(issued.certificatePEM, to: files.certificate)
        return true
    }
}
