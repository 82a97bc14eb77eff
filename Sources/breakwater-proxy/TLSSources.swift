import RedisClient
import RedisProxy
import Topology

/// Where the certificates are, on either side.
struct TLSSources: Equatable {
    /// Towards servers; nil for connections in the clear.
    var server: TLSMaterial.Files?
    var serverName: String?
    /// Towards clients; nil for none.
    var client: TLSMaterial.Files?
    var clients = ListenerTLS.Clients.optional

    init() {}

    /// What a topology says. A local store's certificates are named by flags, since `breakwater up` makes them.
    init(_ redis: RedisTopology, _ sidecar: SidecarTopology) {
        if let tls = redis.tls, let files = tls.files {
            server = TLSMaterial.Files(ca: files.ca)
            if tls.clients == .required {
                server?.certificate = files.certificate
                server?.key = files.key
            }
        }
        if let tls = sidecar.tls, let files = tls.files {
            client = TLSMaterial.Files(ca: files.ca, certificate: files.certificate, key: files.key)
            clients = tls.clients == .required ? .required : .optional
        }
    }

    /// Lays the flags over it.
    mutating func apply(_ options: TLSOptions) {
        if options.isOn || options.ca != nil || options.certificate != nil {
            var files = server ?? TLSMaterial.Files()
            files.ca = options.ca ?? files.ca
            files.certificate = options.certificate ?? files.certificate
            files.key = options.key ?? files.key
            server = files
        }
        serverName = options.serverName
        if options.listenCertificate != nil || options.listenKey != nil {
            client = TLSMaterial.Files(
                ca: options.listenCA, certificate: options.listenCertificate, key: options.listenKey)
            clients = options.listenCA == nil ? .optional : .required
        }
        if let listenClients = options.listenClients { clients = listenClients }
    }

    /// Reads the files into the configuration.
    func read(into configuration: inout ProxyConfiguration, _ findings: inout Findings) {
        do {
            configuration.serverTLS = try server.map { (files) throws(TLSProblem) in
                try RedisTLS.Settings(files, serverName: serverName)
            }
            configuration.clientTLS = try client.map { (files) throws(TLSProblem) in
                try ListenerTLS.Settings(files, clients: clients)
            }
        } catch {
            findings.add(
                .unusable(
                    "tls_unusable", "\(error.path) \(error.reason).",
                    hint: "certificates and keys are PEM files that the sidecar's user can read; see docs/tls.md"))
        }
        for key in [server?.key, client?.key].compactMap({ $0 }) where SecretFile.isExposed(key) {
            findings.add([.exposed(key)])
        }
    }
}
