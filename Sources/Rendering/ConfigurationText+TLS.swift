internal import Topology

extension ConfigurationText {
    /// The port a server listens on: in the clear, or with TLS alone.
    mutating func listen(port: Int, tls: TLSTopology?) {
        guard tls != nil else { return set("port", "\(port)") }
        set("port", "0", why: "Nothing in the clear.")
        set("tls-port", "\(port)")
    }

    /// TLS as Redis and Sentinel know it (the example redis.conf of Redis 7, "TLS/SSL"). They check that a peer's
    /// certificate comes from the authority, not whose it is.
    mutating func encryption(_ tls: TLSTopology, files: TLSTopology.Files) {
        section("TLS")
        note("The node's certificate, which it also presents to the others when it connects to them.")
        set("tls-cert-file", path: files.certificate)
        set("tls-key-file", path: files.key)
        set("tls-ca-cert-file", path: files.ca)
        switch tls.clients {
        case .required:
            set("tls-auth-clients", "yes", why: "Whoever connects must have a certificate of the authority, too.")
        case .optional:
            set("tls-auth-clients", "optional", why: "A certificate is checked if there is one; passwords decide.")
        }
        set("tls-replication", "yes", why: "The connections this server makes are encrypted as well.")
    }
}
