/// Why a shop's servers could not be switched.
package enum FlipError: Error, Equatable, CustomStringConvertible {
    /// A path, and what the system says.
    case file(String, reason: String)
    /// Somebody else's: an update of WordPress, or an operator's own.
    case underMaintenance(String)
    /// `wp-config.php` includes something that holds more than we would write.
    case foreignEndpoint(String)
    case noEndpoint(String)
    case haproxy(String)
    /// Another flip is under way on this machine.
    case busy

    package var description: String {
        switch self {
        case .file(let path, let reason): "\(path): \(reason)"
        case .underMaintenance(let path): "the shop is closed already, by somebody else: \(path)"
        case .foreignEndpoint(let path): "\(path) holds more than DB_HOST and DB_NAME, and would be replaced"
        case .noEndpoint(let path): "\(path) is not there: does wp-config.php include it?"
        case .haproxy(let reason): "HAProxy: \(reason)"
        case .busy: "the shop is being switched already, by another process"
        }
    }

    package var code: String {
        switch self {
        case .file: "file"
        case .underMaintenance: "under_maintenance"
        case .foreignEndpoint: "foreign_endpoint"
        case .noEndpoint: "no_endpoint"
        case .haproxy: "haproxy"
        case .busy: "busy"
        }
    }

    package var hint: String? {
        switch self {
        case .underMaintenance: "wait for the update to end, or remove the file"
        case .foreignEndpoint: "move the rest into wp-config.php"
        case .noEndpoint: "docs/flip.md shows how it is set up"
        case .busy: "wait for it to end"
        case .file, .haproxy: nil
        }
    }

    /// Whether it could do harm to go on.
    package var isRefusal: Bool {
        switch self {
        case .underMaintenance, .foreignEndpoint, .busy: true
        case .file, .noEndpoint, .haproxy: false
        }
    }
}
