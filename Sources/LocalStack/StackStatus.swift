internal import Foundation
internal import RedisClient

/// What a stack is doing right now, asked of the kernel and of the servers themselves.
package struct StackStatus: Sendable, Codable, Equatable {
    package enum Process: String, Sendable, Codable {
        case running
        /// By a signal, as SIGSTOP: it exists and does nothing.
        case stopped
        case ended
    }

    package struct Member: Sendable, Codable, Equatable {
        package var name: String
        package var kind: StackManifest.Kind
        package var address: String
        package var socket: String?
        package var admin: String?
        package var pid: Int32?
        package var process: Process
        /// It answers, and as what it should be: a linked replica, a Sentinel with a quorum, a ready sidecar, a
        /// database that takes statements.
        package var healthy: Bool
        /// Redis: what it says of itself.
        package var role: NodeReading.Role?
        /// A replica, of Redis or of the database: whether it follows.
        package var linked: Bool?
        /// A replica: how much of the master's replication stream it has not processed.
        package var lagBytes: Int64?
        /// A replica of the database: how far it is behind.
        package var lagSeconds: Int?
        /// Of a web node or the balancer: what is wrong.
        package var trouble: String?
        /// A Sentinel: the master it names, at which epoch, and whether it sees a quorum.
        package var master: String?
        package var epoch: UInt64?
        package var quorum: Bool?
    }

    package var store: String
    package var service: String
    package var state: String
    package var supervisor: Int32
    /// The name of the node that a majority of the Sentinels names and that says itself to be a master.
    package var master: String?
    /// Sentinels that see a quorum, of all.
    package var sentinelsWithQuorum: Int
    package var sentinels: Int
    /// Every member is.
    package var healthy: Bool
    package var members: [Member]

    /// Whether the manifest is that of a stack that runs in the directory now.
    package static func isRunning(_ state: StateDirectory, _ manifest: StackManifest) -> Bool {
        StateLock.holder(state) == manifest.supervisor
    }

    /// Nil when no stack runs in the directory.
    package static func read(_ state: StateDirectory) async -> StackStatus? {
        guard let manifest = StackManifest.read(state), isRunning(state, manifest) else { return nil }
        let credentials = manifest.nodeCredentials
        let tls = manifest.serverTLS
        let members = await withTaskGroup(of: (Int, Member, NodeReading?).self) { group in
            for (index, member) in manifest.members.enumerated() {
                group.addTask {
                    let (result, reading) = await Self.probe(member, manifest, credentials, tls)
                    return (index, result, reading)
                }
            }
            var members: [(Int, Member, NodeReading?)] = []
            for await member in group { members.append(member) }
            return members.sorted { $0.0 < $1.0 }.map { ($0.1, $0.2) }
        }
        return StackStatus(manifest, state, members)
    }

    private static func probe(
        _ member: StackManifest.Member, _ manifest: StackManifest, _ credentials: RedisCredentials?, _ tls: RedisTLS?
    ) async -> (Member, NodeReading?) {
        var result = Member(
            name: member.name, kind: member.kind, address: member.address, socket: member.socket,
            admin: member.admin, pid: member.pid, process: Process(member.pid), healthy: false)
        guard result.process == .running, let endpoint = member.endpoint else { return (result, nil) }
        switch member.kind {
        case .redis:
            guard let reading = await NodeReading.of(endpoint, credentials: credentials, tls: tls) else { break }
            result.role = reading.role
            result.linked = reading.role == .replica ? reading.isLinked : nil
            return (result, reading)
        case .sentinel:
            guard let reading = await SentinelReading.of(endpoint, service: manifest.service, tls: tls) else { break }
            result.master = reading.master?.description
            result.epoch = reading.epoch
            result.quorum = reading.hasQuorum
            result.healthy = reading.hasQuorum
        case .sidecar:
            guard let admin = member.admin.flatMap({ RedisEndpoint(parsing: $0) }) else { break }
            result.healthy = await HTTPProbe.status(admin, path: "/readyz") == 200
        case .database:
            let database = manifest.database
            let settings = database?.settings(at: member.address, reading: .seconds(1))
            if database?.replicas?.contains(member.name) == true {
                let lag = await settings?.lag()
                (result.linked, result.lagSeconds) = (lag != nil, lag)
                result.healthy = lag != nil
            } else {
                result.healthy = await settings?.answers() ?? false
            }
        case .web, .php, .agent, .balancer:
            result.trouble = await WebReading.trouble(member.kind, endpoint, socket: member.socket)
            result.healthy = result.trouble == nil
        }
        return (result, nil)
    }

    /// Puts together what was asked of each.
    init(_ manifest: StackManifest, _ state: StateDirectory, _ probed: [(Member, NodeReading?)]) {
        store = manifest.store
        service = manifest.service
        self.state = state.path
        supervisor = manifest.supervisor
        var members = probed.map(\.0)
        let total = members.count { $0.kind == .sentinel }
        let named = members.compactMap(\.master)
        let master = members.firstIndex { node in
            node.kind == .redis && node.role == .master && named.count { $0 == node.address } > total / 2
        }
        let offset = master.flatMap { probed[$0].1?.offset }
        for index in members.indices where members[index].kind == .redis {
            guard let reading = probed[index].1 else { continue }
            if reading.role == .replica, let offset { members[index].lagBytes = max(0, offset - reading.offset) }
            // A second node that calls itself a master is not well, whatever else it does.
            members[index].healthy = reading.role == .master ? index == master : reading.isLinked
        }
        self.master = master.map { members[$0].name }
        sentinels = total
        sentinelsWithQuorum = members.count { $0.quorum == true }
        healthy = master != nil && members.allSatisfy(\.healthy)
        self.members = members
    }
}

extension StackStatus.Process {
    /// By the state letter of `/proc/PID/stat` (proc(5)); a zombie has ended.
    init(_ pid: Int32?) {
        guard let pid, let stat = StateDirectory.read("/proc/\(pid)/stat"), let end = stat.lastIndex(of: ")") else {
            self = .ended
            return
        }
        switch stat[end...].dropFirst(2).first {
        case "Z", "X", "x", nil: self = .ended
        case "T", "t": self = .stopped
        default: self = .running
        }
    }
}
