extension MySQLTopology {
    init(reading section: SectionReader, provider: StoreTopology.Provider) {
        endpoint = section.value("endpoint", as: Endpoint.self)?.text
        managed = section.value("managed") ?? (endpoint != nil)
        primary = section.text("primary", .label(63))
        replicas = section.list("replicas", .label(63)) ?? []
        port = section.value("port", in: 1...65_535) ?? MySQLAddress.standardPort
        database = section.value("database")
        user = section.value("user")
        password = section.value("password")
        ca = section.text("ca", .plainPath)
        tls = section.value("tls")
        endpointFile = section.text("endpoint_file", .plainPath)
        haproxy = section.section("haproxy").flatMap(HAProxy.init(reading:))
        section.finish()
        if provider == .local, primary != nil {
            database = database ?? Self.localDatabase
            user = user ?? Self.localUser
        }

        let path = section.path
        if managed, endpoint == nil {
            section.context.report(
                .mysqlNoServer, at: path, with: ["\(path).endpoint", "\(path).managed"],
                "a managed database needs its `endpoint`",
                hint: "host:port as DigitalOcean shows it; or `managed: false` and a `primary`")
        } else if !managed, primary == nil {
            section.context.report(
                .mysqlNoServer, at: path, with: ["\(path).primary", "\(path).managed", "\(path).endpoint"],
                "there is no database server: neither `endpoint` nor `primary` is given",
                hint: "`managed: true` with an `endpoint`, or `primary: db-1`")
        }
        if endpoint != nil, primary != nil {
            section.context.report(
                .mysqlTwoServers, at: "\(path).primary", with: ["\(path).endpoint"],
                "the database has an `endpoint` and a `primary`: nobody can tell which one takes the writes",
                hint: "keep `endpoint` for a managed database, `primary` for one on a host of the store")
        }
    }
}

extension MySQLTopology.HAProxy {
    fileprivate init?(reading section: SectionReader) {
        section.require("socket", hint: "the path of `stats socket`, such as /run/haproxy/admin.sock")
        section.require("server", hint: "`backend/server`, such as mysql/primary")
        let socket = section.text("socket", .plainPath)
        let server = section.text("server", .haproxyServer)
        section.finish()
        guard let socket, let server else { return nil }
        self.init(socket: socket, server: server)
    }
}

/// `host:port`. A type of its own, for what people paste here is the provider's connection string, password and all:
/// it is recognized, and never repeated.
private struct Endpoint: TopologyScalar {
    var text: String

    static var expectation: String { "a host and a port such as db.example:25060" }
    init(scalar text: String) throws(UnusableScalar) {
        guard !text.contains("@") else {
            throw UnusableScalar(
                code: .literalSecret, message: "must be \(Self.expectation), not a connection string",
                hint: "write host:port alone; `user`, `password` and `database` are keys of their own")
        }
        guard StringRule.hostPort.test(text) else { throw Self.refused(text) }
        self.text = text
    }
    var topologyText: String { text }
}
