internal import Yams

/// What reading a file gave: all its diagnostics, and the topology if none of them is an error.
package struct TopologyReading: Sendable, Equatable {
    /// `nil` exactly if there is an error among the diagnostics.
    package var topology: StoreTopology?
    /// In the order of the file.
    package var diagnostics: [Diagnostic]
}

extension StoreTopology {
    /// Reads a topology from YAML. Total: any text gives an answer, in bounded time and memory. Diagnostics carry
    /// `file` as it is given here, the name the user wrote.
    package static func read(text: String, file: String) -> TopologyReading {
        let document = YAMLDocument(text: text, file: file)
        let context = document.context
        var topology: StoreTopology?
        if let root = document.root {
            let file = SectionReader(root, path: "", context: context)
            topology = StoreTopology(reading: file)
            if let topology { checkRules(of: topology, in: context) }
        } else if !context.hasErrors {
            context.reject(
                "", .empty, "the file is empty", hint: "`breakwater init` writes a commented starter topology")
        }
        // Stable, so that findings at one place keep the order in which they were made.
        let diagnostics = context.diagnostics.enumerated().sorted {
            (Position($0.element), $0.offset) < (Position($1.element), $1.offset)
        }
        return TopologyReading(
            topology: context.hasErrors ? nil : topology, diagnostics: diagnostics.map(\.element))
    }

    /// Reads every section; `nil` only if the version says that the keys mean something else.
    private init?(reading file: SectionReader) {
        file.require("version", hint: "start the file with `version: 1`")
        let version = file.value("version", as: Int.self) ?? 1
        guard version == 1 else {
            file.context.reject(
                "version", .unsupportedVersion, "this Breakwater reads version 1, the file says \(version)",
                hint: "update Breakwater, or write the file for version 1")
            return nil
        }
        self.version = version
        file.require("store")
        store = file.text("store", .label(40)) ?? "store"
        domain = file.text("domain", .domain)
        file.require("provider", hint: "`local` for this machine alone, or `digitalocean`")
        let provider = file.value("provider", as: Provider.self) ?? .digitalocean
        self.provider = provider
        regions = file.section("regions").map(Regions.init(reading:))
        let givenHosts = file.section("hosts").map { section in
            section.names.map { Host(reading: section.section($0.name), name: $0.name, in: section) }
        }
        web = file.section("web").map { WebTopology(reading: $0, provider: provider) }
        if web == nil, provider == .local { web = .localDefault }

        let redisSection = file.section("redis")
        redis = redisSection.map { RedisTopology(reading: $0, provider: provider) }
        if redis == nil, provider == .local {
            redis = RedisTopology(reading: SectionReader(nil, path: "redis", context: file.context), provider: provider)
        }
        let sidecarSection = file.section("sidecar")
        if let redis {
            let section = sidecarSection ?? SectionReader(nil, path: "sidecar", context: file.context)
            sidecar = SidecarTopology(reading: section, provider: provider, redis: redis, web: web)
        } else if sidecarSection != nil {
            file.context.reject(
                "sidecar", .sidecarWithoutRedis, "a sidecar is described, but there is no `redis` section",
                hint: "add `redis`, or remove `sidecar`")
        }
        mysql = file.section("mysql").map { MySQLTopology(reading: $0, provider: provider) }
        // Where to and for whom, `breakwater up` knows for a database of its own.
        let hasBucket = provider == .local && mysql?.primary != nil
        backup = file.section("backup").map { BackupTopology(reading: $0, hasBucket: hasBucket) }
        if backup == nil, hasBucket {
            backup = BackupTopology(
                reading: SectionReader(nil, path: "backup", context: file.context), hasBucket: hasBucket)
        }
        agent = AgentTopology(
            reading: file.section("agent") ?? SectionReader(nil, path: "agent", context: file.context))
        loadBalancer = file.section("load_balancer").map {
            LoadBalancerTopology(reading: $0, provider: provider)
        }
        if loadBalancer == nil, provider == .local, givenHosts == nil { loadBalancer = .localDefault }
        dns = file.section("dns").map(DNSTopology.init(reading:))
        regionFailover = file.section("region_failover").map(RegionFailoverTopology.init(reading:))
        alerts = file.sections("alerts").compactMap(Alert.init(reading:))
        hosts = givenHosts ?? []
        if givenHosts == nil, provider == .local { hosts = referencedHosts.map { Host(name: $0) } }
        file.finish()
    }

    /// Every host name the sections mention, once, in the order data nodes, Sentinels, sidecars, web, database, balancer.
    var referencedHosts: [String] {
        var names: [String] = []
        names += redis?.nodes ?? []
        names += redis?.sentinels ?? []
        names += sidecar?.nodes ?? []
        names += web?.nodes ?? []
        names += mysql?.primary.map { [$0] } ?? []
        names += mysql?.replicas ?? []
        names += agent.nodes ?? []
        names += agent.fileNodes ?? []
        // Last, so that what was there before the balancer keeps its address.
        names += loadBalancer?.nodes ?? []
        var seen: Set<String> = []
        return names.filter { seen.insert($0).inserted }
    }
}

extension Position {
    fileprivate init(_ diagnostic: Diagnostic) {
        self.init(line: diagnostic.line, column: diagnostic.column)
    }
}

extension Regions {
    fileprivate init(reading section: SectionReader) {
        section.require("primary")
        primary = section.text("primary", .label(32)) ?? ""
        standby = section.text("standby", .label(32))
        witness = section.text("witness", .label(32))
        section.finish()
    }
}

extension Host {
    fileprivate init(reading section: SectionReader?, name: String, in hosts: SectionReader) {
        self.init(name: name)
        if !StringRule.label(63).test(name) {
            hosts.context.reject(
                hosts.full(name), .invalidValue,
                "a host's name must be \(StringRule.label(63).expectation), not \(quoted(name))")
        }
        region = section?.text("region", .label(32))
        if let address = section?.text("address", .host) {
            if IPAddress(address)?.isUnspecified == true {
                hosts.context.reject(
                    "\(hosts.full(name)).address", .hostAddressInvalid,
                    "\(address) means every interface; it is no host's address",
                    hint: "write the host's private address")
            }
            self.address = address
        }
        section?.finish()
    }
}

extension Alert {
    fileprivate init?(reading section: SectionReader) {
        section.require("webhook")
        let webhook = section.value("webhook", as: SecretReference.self)
        section.finish()
        guard let webhook else { return nil }
        self.webhook = webhook
    }
}
