internal import RedisClient
internal import Topology

/// The database servers: a primary, and replicas that follow it.
extension StackPlan {
    mutating func planDatabases(
        _ state: StateDirectory, _ programs: Programs, _ namespaces: HostNamespaces?
    ) throws(StackError) {
        guard let programs = programs.database, let mysql = topology.mysql, let primary = mysql.primary else { return }
        databasePrograms = programs
        for name in [primary] + mysql.replicas {
            let database = LocalDatabase(name, state, follows: name != primary)
            let address = try Self.address(name, topology, namespaces)
            let member = Member(
                name: name, kind: .database, endpoint: RedisEndpoint(host: address, port: mysql.port),
                socket: database.socket, executable: programs.server,
                arguments: database.arguments(address: address, port: mysql.port), log: state.log(of: name))
            members.append(namespaces?.moving(member, to: name) ?? member)
            if database.follows { replicas.append(database) } else { self.database = database }
        }
    }

    /// The server of that name.
    func database(of name: String) -> LocalDatabase? {
        ([database].compactMap(\.self) + replicas).first { $0.node == name }
    }

    /// What others need to reach the database; nil without one.
    func databaseAccess(_ state: StateDirectory) -> StackManifest.Database? {
        guard let database, let member = members(.database).first(where: { $0.name == database.node }) else {
            return nil
        }
        let backups = LocalBackups(state)
        return StackManifest.Database(
            node: database.node, address: member.endpoint.description, socket: database.socket,
            name: topology.mysql?.database ?? MySQLTopology.localDatabase,
            user: topology.mysql?.user ?? MySQLTopology.localUser, passwordFile: state.secretFile(Secrets.databaseFile),
            bucket: "dir:\(backups.bucket)", identityFile: backups.identityFile,
            replicas: replicas.isEmpty ? nil : replicas.map(\.node))
    }
}
