import Foundation
import LoopbackServers
import Rendering
import Testing
import Topology

/// Three nodes and three Sentinels as rendered for one machine, in a folder of their own, on standard ports of a
/// loopback network of their own. Every user has another password, so that a mix-up shows.
final class RenderedCluster {
    let topology: StoreTopology
    let files: [RenderedFile]
    private let flavour: ServerFlavour
    private let layout: RenderLayout
    private let folder: URL
    private var servers: [String: ServerProcess] = [:]

    init(role: String, flavour: ServerFlavour = .redis) throws {
        self.flavour = flavour
        let text = """
            version: 1
            store: test
            provider: local
            redis:
              role: \(role)
              down_after: 5s
              maxmemory: 32MiB
              users:
                app: env:APP
                sentinel: env:SENTINEL
                replica: env:REPLICA
                breakwater: env:BREAKWATER
                operator: env:OPERATOR

            """
        let reading = StoreTopology.read(text: text, file: "test.yaml")
        let network = LoopbackNetwork(second: .random(in: 20...250), third: .random(in: 1...250))
        topology = try #require(reading.topology?.assigningLoopback(network: network), "\(reading.diagnostics)")
        let redis = try #require(topology.redis)
        folder = FileManager.default.temporaryDirectory.appending(path: "bw-rendered-\(UUID().uuidString)")
        layout = .local(directory: folder.path)
        let secrets = try #require(RedisSecrets(of: redis) { Secret(Self.password(of: $0)) })
        files = try Renderer.render(topology, targets: [.redis, .sentinel], layout: layout, secrets: secrets)
        for file in files { try write(file, file.contents) }
    }

    private static func password(of reference: SecretReference) -> String {
        "password-of-\(reference)".lowercased()
    }

    private func write(_ file: RenderedFile, _ contents: String) throws {
        let url = folder.appending(path: file.path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(contents.utf8).write(to: url)
    }

    func start(_ hosts: [String]? = nil) throws {
        for host in hosts ?? (topology.redis.map { $0.nodes + $0.sentinels } ?? []) { try start(host) }
    }

    private func start(_ host: String) throws {
        let isSentinel = host.hasPrefix("sentinel")
        let paths = layout.paths(isSentinel ? .sentinel : .redis, on: host)
        let server = try ServerProcess.start(
            flavour, isSentinel ? .sentinel : .server, paths.configuration, host, in: folder)
        servers[host] = server
        // A replica without its master answers MASTERDOWN; it listens all the same.
        let deadline = ContinuousClock.now + .seconds(20)
        while (try? connect(host)) == nil {
            guard server.isRunning, ContinuousClock.now < deadline else {
                throw LoopbackError("\(host) does not listen:\n\(server.lastWords)\n\(log(of: host))")
            }
            usleep(20_000)
        }
    }

    /// Kills the server and starts it from the rendering merged with what it had written.
    func restart(_ host: String, with file: RenderedFile) throws {
        servers.removeValue(forKey: host)?.stop()
        try write(file, merged(file))
        try start(host)
    }

    /// The rendering merged with the server's present copy.
    func merged(_ file: RenderedFile) throws -> String {
        file.merged(withRunning: try String(contentsOf: folder.appending(path: file.path), encoding: .utf8))
    }

    /// Stops the servers and removes their files.
    func remove() {
        servers.removeAll()
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: - Asking

    /// The answer to a command as it came, of a Sentinel or of a node as one of its users.
    func call(_ host: String, _ command: [String], user: String = "breakwater") throws -> String {
        let connection = try connect(host)
        if !host.hasPrefix("sentinel") { try authenticate(connection, as: user) }
        return try send(command, on: connection)
    }

    func callWithoutPassword(_ host: String, _ command: [String]) throws -> String {
        try send(command, on: connect(host))
    }

    /// Waits until the answers of one server are as wanted; fails the test when they never are.
    func expect(
        _ what: String, of host: String, _ isMet: (_ answers: ([String]) -> String) throws -> Bool
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while true {
            let connection = try connect(host)
            if !host.hasPrefix("sentinel") { try authenticate(connection, as: "breakwater") }
            var last = ""
            let met = try isMet { command in
                last = (try? send(command, on: connection)) ?? ""
                return last
            }
            if met { return }
            guard ContinuousClock.now < deadline else {
                throw LoopbackError("\(host) never had \(what); its last answer: \(last)\n\(log(of: host))")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func log(of host: String) -> String {
        let paths = layout.paths(host.hasPrefix("sentinel") ? .sentinel : .redis, on: host)
        return String((try? String(contentsOfFile: paths.logFile, encoding: .utf8))?.suffix(2_000) ?? "")
    }

    private func connect(_ host: String) throws -> BlockingConnection {
        let address = try #require(topology.address(of: host))
        let connection = try BlockingConnection(host: address, port: host.hasPrefix("sentinel") ? 26_379 : 6_379)
        connection.setTimeout(seconds: 5)
        return connection
    }

    private func authenticate(_ connection: BlockingConnection, as user: String) throws {
        let reference = SecretReference.environment(user == "default" ? "APP" : user.uppercased())
        let answer = try text(connection.call("AUTH", user, Self.password(of: reference)))
        guard answer == "+OK\r\n" else { throw LoopbackError("AUTH \(user) answered \(answer)") }
    }

    private func send(_ command: [String], on connection: BlockingConnection) throws -> String {
        try connection.send(BlockingConnection.encoded(command.map { Array($0.utf8) }))
        return try text(connection.receiveReply())
    }

    private func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes, as: UTF8.self)
    }
}
