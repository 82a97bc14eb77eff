internal import BackupEngine
internal import Foundation
internal import LocalStack
internal import RedisClient
internal import Topology

/// What of a shop is switched, and what of it is on this machine.
struct FlipPlace: Sendable {
    var maintenance: MaintenanceFile
    var endpoint: EndpointFile?
    var haproxy: MySQLTopology.HAProxy?
    /// Nil for a shop without Redis.
    var cache: MasterFlush?
    /// The web servers that this machine is, and the others.
    var here: [String]
    var byHand: [String]
    var record: FlipRecordFile

    /// - Throws: `UserFacingError` for what cannot be switched from here, before anything is.
    init(_ topology: StoreTopology, file: String?, _ options: FlipOptions) throws {
        guard let mysql = topology.mysql, mysql.endpointFile != nil || mysql.haproxy != nil else {
            throw UserFacingError(
                code: "flip.not_described", summary: "the topology does not say how the shop finds its database",
                hint: "`mysql.endpoint_file` or `mysql.haproxy`, see docs/flip.md", status: .invalid)
        }
        guard let docroot = topology.web?.docroot else {
            throw UserFacingError(
                code: "flip.no_docroot", summary: "the topology does not say where WordPress is",
                hint: "`web.docroot`: maintenance mode is a file in it", status: .invalid)
        }
        maintenance = MaintenanceFile(docroot: docroot)
        endpoint = mysql.endpointFile.map(EndpointFile.init(path:))
        haproxy = mysql.haproxy
        record = FlipRecordFile(path: "\(NodeState.folder(topology, file: file))/flip.json")

        let nodes = topology.web?.nodes ?? []
        let machine = Self.machine
        here = nodes.filter { node in
            topology.provider == .local || machine.contains(node)
                || topology.address(of: node).map(machine.contains) == true
        }
        byHand = nodes.filter { [here] in !here.contains($0) }
        if let unknown = options.without.first(where: { !nodes.contains($0) }) {
            throw BackupPlace.unusable("--without", "names \(unknown), which is no web server of the topology", nil)
        }
        let others = byHand.filter { !options.without.contains($0) }
        guard others.isEmpty else {
            throw UserFacingError(
                code: "flip.other_nodes",
                summary: "this machine cannot close the shop on \(others.joined(separator: ", "))",
                hint: "close and switch them by hand at the same time, and say so: "
                    + others.map { "--without \($0)" }.joined(separator: " "), status: .refused)
        }
        cache = try Self.cache(topology, file: file, options)
    }

    private static func cache(
        _ topology: StoreTopology, file: String?, _ options: FlipOptions
    ) throws -> MasterFlush? {
        guard let redis = topology.redis else { return nil }
        guard redis.role == .cache || options.flush else {
            throw UserFacingError(
                code: "flip.would_drop",
                summary: "the shop's Redis has to be emptied, and its role `store` promises that nothing is dropped",
                hint: "say --flush if all in it may go: objects of the old database outlive their rows",
                status: .refused)
        }
        let directory = StateDirectory(StateDirectory.besideTopology(file ?? TopologyFile.defaultPath))
        let settings = try SwitchoverPlace(directory) { topology }.settings
        var watcher = SentinelWatcher.Configuration(
            sentinels: settings.sentinels, service: settings.service,
            sentinelCredentials: settings.sentinelCredentials, serverCredentials: settings.credentials)
        watcher.tls = settings.tls
        return MasterFlush(watcher)
    }

    /// What this machine is called, and its addresses.
    private static var machine: Set<String> {
        var names: Set<String> = [ProcessInfo.processInfo.hostName]
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return names }
        defer { freeifaddrs(list) }
        var next = list
        while let entry = next {
            next = entry.pointee.ifa_next
            guard let address = entry.pointee.ifa_addr else { continue }
            let isSix = Int32(address.pointee.sa_family) == AF_INET6
            guard isSix || Int32(address.pointee.sa_family) == AF_INET else { continue }
            let size = isSix ? MemoryLayout<sockaddr_in6>.size : MemoryLayout<sockaddr_in>.size
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(address, socklen_t(size), &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 {
                names.insert(String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self))
            }
        }
        return names
    }
}
