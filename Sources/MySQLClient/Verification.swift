internal import CMariaDB
internal import Glibc
internal import Topology

/// How far the way to a server is trusted.
enum Verification: Equatable {
    case plain
    /// TLS when the server has it.
    case opportunistic
    /// TLS with whomever.
    case encrypted
    case authority(ca: String)
    /// Without a file, the authorities that this machine trusts.
    case authorityAndHost(ca: String?)

    init(_ address: MySQLAddress) throws(MySQLError) {
        switch address.effectiveTLS {
        case .off: self = .plain
        // What stays in a unix socket gains nothing.
        case .preferred: self = address.socket == nil ? .opportunistic : .plain
        // Who names an authority wants it asked.
        case .required: self = address.ca.map { .authority(ca: $0) } ?? .encrypted
        case .verifyCA:
            guard let ca = address.ca else {
                throw MySQLError(.tlsFailed, message: "tls=verify-ca needs the file of a certificate authority")
            }
            self = .authority(ca: ca)
        case .verifyFull: self = .authorityAndHost(ca: address.ca)
        }
        guard isVerified else { return }
        if let ca, access(ca, R_OK) != 0 {
            throw MySQLError(.tlsFailed, message: "cannot read \(ca): \(String(cString: strerror(errno)))")
        }
        // Connector/C 3.4 verifies nothing at all when this is set.
        guard getenv("MARIADB_TLS_DISABLE_PEER_VERIFICATION") == nil else {
            throw MySQLError(
                .tlsFailed, message: "MARIADB_TLS_DISABLE_PEER_VERIFICATION is set, but the server must be verified")
        }
    }

    var ca: String? {
        switch self {
        case .authority(let ca): ca
        case .authorityAndHost(let ca): ca
        default: nil
        }
    }

    var isTLSRequired: Bool { self != .plain && self != .opportunistic }

    private var isVerified: Bool { isTLSRequired && self != .encrypted }

    var checksHostName: Bool {
        switch self {
        case .authorityAndHost: true
        // Too strict is better than not at all.
        case .authority: !MySQLSettings.canVerifyAuthorityAlone
        default: false
        }
    }
}

extension MySQLSettings {
    /// Whether `verify-ca` leaves the host's name out. Connector/C cannot since 3.4, and the name is checked as well.
    package static var canVerifyAuthorityAlone: Bool {
        // What is built with MariaDB says MariaDB's version, from 11.4 on with 3.4.
        let version = mysql_get_client_version()
        return version < 30_400 || (100_000..<110_400).contains(version)
    }
}
