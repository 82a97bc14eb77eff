package import MySQLClient
internal import RESP
internal import RecoveryCore
package import RedisClient

/// What all nodes share.
extension HealthProbe {
    /// Redis as PHP reaches it, through the sidecar: `PING` over one connection that is kept.
    package static func redis(_ address: RedisAddress, _ credentials: RedisCredentials?) -> HealthProbe {
        var options = RedisConnection.Options()
        options.credentials = credentials
        options.clientName = "breakwater-health"
        let link = RedisLink(address, options)
        return HealthProbe(HealthBoard.Check("redis", .shared, interval: .seconds(2), timeout: .seconds(2))) {
            try await link.ping()
        }
    }

    /// The database as WordPress reaches it: a new connection, `SELECT 1`, and whether it takes writes.
    package static func database(_ settings: MySQLSettings) -> HealthProbe {
        let check = HealthBoard.Check("database", .shared, interval: .seconds(5), timeout: .seconds(4))
        var settings = settings
        settings.connectTimeout = .seconds(3)
        settings.readTimeout = .seconds(3)
        return HealthProbe(check) { [settings] in
            try await MySQLConnection.with(settings) { connection in
                let text = try await connection.query("SELECT 1, @@global.read_only").text(0, 1)
                guard text == "0" else { throw Fault("it is read-only") }
                return "\(await connection.server)"
            }
        }
    }
}

/// A connection that is made anew when it is lost.
private actor RedisLink {
    private let address: RedisAddress
    private let options: RedisConnection.Options
    private var connection: RedisConnection?

    init(_ address: RedisAddress, _ options: RedisConnection.Options) {
        self.address = address
        self.options = options
    }

    func ping() async throws -> String {
        let connection =
            if let connection { connection } else { try await RedisConnection.connect(to: address, options: options) }
        // Whoever fails, or is cancelled, leaves no connection behind whose replies are somebody else's.
        self.connection = nil
        let reply: String?
        do {
            reply = try await connection.send(["PING"]).string
        } catch {
            await connection.close()
            throw error
        }
        guard reply == "PONG" else {
            await connection.close()
            throw HealthProbe.Fault("it answers \(reply ?? "nothing that is text")")
        }
        self.connection = connection
        return "pong"
    }
}
