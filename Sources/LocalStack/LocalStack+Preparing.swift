internal import Foundation
internal import RedisClient
internal import Rendering
internal import Topology

/// Everything before the first process is started.
extension LocalStack {
    static func prepare(
        _ topology: StoreTopology, _ state: StateDirectory, _ options: StackOptions
    ) throws -> (StackPlan, LoopbackClaim?, Bool) {
        var programs = try Programs.find(
            redis: options.redisPrograms, proxy: options.sidecars == .none ? nil : .some(options.proxyExecutable))
        if topology.hasLocalDatabase { programs.database = try LocalDatabase.Programs.find() }
        if options.web {
            programs.web = try WebPrograms.find(
                breakwater: options.breakwaterExecutable, proxy: options.proxyExecutable)
        }
        let secrets = try Secrets(topology, state)
        try writeFirstStatements(topology, secrets, state)
        if let namespaces = options.namespaces {
            guard let assigned = namespaces.assigned(topology) else {
                throw StackError("no_network", "a host of the topology has no network of its own")
            }
            let plan = try StackPlan(
                topology: assigned, state: state, options: options, programs: programs, secrets: secrets.redis,
                clientPasswordFile: secrets.clientPasswordFile)
            try write(plan.files, state)
            return (plan, nil, secrets.redis != nil)
        }
        for network in LoopbackClaim.candidates(key: state.path, previous: state.previousNetwork) {
            guard let claim = LoopbackClaim.claim(network) else { continue }
            guard let assigned = topology.assigningLoopback(network: network) else { continue }
            let plan = try StackPlan(
                topology: assigned, state: state, options: options, programs: programs, secrets: secrets.redis,
                clientPasswordFile: secrets.clientPasswordFile)
            let addresses =
                plan.members.map(\.endpoint) + plan.members.compactMap(\.admin) + plan.members.compactMap(\.control)
            let taken = addresses.filter { !LoopbackClaim.isFree(host: $0.host, port: $0.port) }
            guard taken.isEmpty else {
                // With addresses from the topology another network would change nothing.
                let given = Set(topology.hosts.compactMap(\.address))
                if let address = taken.first(where: { given.contains($0.host) }) {
                    throw StackError("address_taken", "\(address) is in use by another program")
                }
                continue
            }
            try state.remember(network)
            if plan.needsCertificates { try LocalCertificates(state).refresh(for: assigned) }
            try write(plan.files, state)
            return (plan, claim, secrets.redis != nil)
        }
        throw StackError("no_network", "no free loopback network was found", hint: "are other stacks running?")
    }

    private static func writeFirstStatements(
        _ topology: StoreTopology, _ secrets: Secrets, _ state: StateDirectory
    ) throws(StackError) {
        guard let password = secrets.database, let mysql = topology.mysql, let primary = mysql.primary else { return }
        let text = LocalDatabase.firstStatements(
            database: mysql.database ?? MySQLTopology.localDatabase, user: mysql.user ?? MySQLTopology.localUser,
            password: password)
        try StateDirectory.write(text, to: LocalDatabase(primary, state).firstStatementsFile)
    }

    /// Writes the rendered files; what servers have learned since the last time is kept.
    private static func write(_ files: [RenderedFile], _ state: StateDirectory) throws(StackError) {
        for file in files {
            let path = "\(state.hosts)/\(file.path)"
            try StateDirectory.makeDirectory(
                URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false))
            let contents = file.merged(withRunning: StateDirectory.read(path))
            try StateDirectory.write(contents, to: path, mode: mode_t(file.mode))
        }
    }
}
