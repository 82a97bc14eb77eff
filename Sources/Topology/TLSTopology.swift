/// TLS where a service listens: with which files, and who may connect.
package struct TLSTopology: Sendable, Hashable {
    package enum Clients: String, Sendable, CaseIterable {
        /// Whoever connects presents a certificate of the authority.
        case required
        /// A certificate that is presented must be valid; none is fine.
        case optional
    }

    /// Absolute paths of PEM files, the same on every machine that needs them.
    package struct Files: Sendable, Hashable {
        /// The certificates of the authorities that are trusted.
        package var ca: String
        /// The machine's own certificate, and after it those that lead to the authority.
        package var certificate: String
        package var key: String

        package init(ca: String, certificate: String, key: String) {
            self.ca = ca
            self.certificate = certificate
            self.key = key
        }

        /// Where they are unless the topology says otherwise.
        package static let standard = Files(
            ca: "/etc/breakwater/tls/ca.crt", certificate: "/etc/breakwater/tls/node.crt",
            key: "/etc/breakwater/tls/node.key")
    }

    /// `nil` on a local store, which makes its certificates itself.
    package var files: Files?
    package var clients: Clients

    package init(files: Files?, clients: Clients) {
        self.files = files
        self.clients = clients
    }
}
