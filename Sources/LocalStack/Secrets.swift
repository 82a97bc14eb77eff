internal import Rendering
internal import Topology

/// The passwords of one local stack: the topology's, or else made once and kept in the state directory.
struct Secrets {
    /// What users of the sidecars' control API prove to know, in the directory of secrets.
    static let controlFile = "control.secret"

    var redis: RedisSecrets?
    /// What the sidecars' clients must present; nil for nothing.
    var clientPasswordFile: String?

    /// The file with what the sidecars' clients present, in the directory of secrets.
    static let clientFile = "client.password"

    /// Of the database account that backs up and restores; nil without a database server.
    var database: Secret?

    /// The file with it, in the directory of secrets.
    static let databaseFile = "mysql.password"

    /// Fetches what the topology refers to, and writes what processes read from files.
    init(_ topology: StoreTopology, _ state: StateDirectory) throws {
        let given = try topology.redis.flatMap { redis in
            try RedisSecrets(of: redis) { reference in try reference.fetch() }
        }
        var secrets =
            try given
            ?? RedisSecrets(
                app: state.password("app.password"), sentinel: state.password("sentinel.password"),
                replica: state.password("replica.password"), breakwater: state.password("breakwater.password"))
        // Nobody's choice but ours: the one who gives running nodes new certificates and priorities.
        if secrets.operator == nil {
            secrets.operator = try state.password("operator.password")
        }
        redis = secrets
        if given != nil {
            try state.keep(secrets.app, as: "app.password")
            try state.keep(secrets.breakwater, as: "breakwater.password")
            if let secret = given?.operator { try state.keep(secret, as: "operator.password") }
        }
        if let reference = topology.sidecar?.controlSecret {
            try state.keep(try reference.fetch(), as: Self.controlFile)
        } else {
            _ = try state.password(Self.controlFile)
        }
        if topology.hasLocalDatabase {
            if let reference = topology.mysql?.password {
                let password = try reference.fetch()
                try state.keep(password, as: Self.databaseFile)
                database = password
            } else {
                database = try state.password(Self.databaseFile)
            }
            try LocalBackups(state).prepare()
        }
        if let reference = topology.sidecar?.password {
            try state.keep(try reference.fetch(), as: Self.clientFile)
            clientPasswordFile = state.secretFile(Self.clientFile)
        }
    }
}
