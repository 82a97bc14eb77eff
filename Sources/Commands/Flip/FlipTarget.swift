internal import BackupEngine
internal import MySQLClient
internal import Topology

/// The database that the shop is to use.
struct FlipTarget: Sendable {
    /// With the database's name.
    var address: MySQLAddress
    /// To look at it with: as the topology's user, who is the shop's, when its password is known.
    var settings: MySQLSettings

    /// - Throws: `UserFacingError` for one that the web servers could not reach.
    init(_ restored: MySQLSettings, _ topology: StoreTopology, _ place: FlipPlace) throws {
        address = restored.address
        settings = restored
        if let user = topology.mysql?.user, let password = try topology.mysql?.password?.fetch() {
            settings.address.user = user
            settings.password = password
        }
        guard !address.isLocal || place.byHand.isEmpty else {
            throw UserFacingError(
                code: "flip.loopback",
                summary: "\(address) is an address of this machine alone, and \(place.byHand.joined(separator: ", ")) "
                    + "cannot reach it", hint: "name the server in --to as the web servers see it", status: .refused)
        }
        if place.haproxy != nil, place.endpoint == nil, address.database != topology.mysql?.database {
            throw UserFacingError(
                code: "flip.other_name",
                summary: "HAProxy switches the server, and the shop would still ask for the database "
                    + "\(topology.mysql?.database ?? "of wp-config.php"), not \(address.database ?? "")",
                hint:
                    "restore to a database of that name (--to mysql://…/\(topology.mysql?.database ?? "name")), or name "
                    + "a `mysql.endpoint_file` as well", status: .refused)
        }
    }

    /// What wp-config.php gets. With an HAProxy before the server, the host stays HAProxy's.
    func endpoint(from old: EndpointFile.Endpoint, behindHAProxy: Bool) -> EndpointFile.Endpoint {
        var endpoint = old
        endpoint.database = address.database ?? old.database
        guard !behindHAProxy else { return endpoint }
        if let socket = address.socket {
            endpoint.host = "localhost:\(socket)"
        } else {
            endpoint.host = "\(address.host.contains(":") ? "[\(address.host)]" : address.host):\(address.port)"
        }
        return endpoint
    }
}
