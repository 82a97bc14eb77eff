import Foundation
import LoopbackServers
import Synchronization

/// Two Redis servers alike: one that clients reach directly, and one behind Sentinels and the sidecar.
final class SidecarFixture: Sendable {
    let direct: LoopbackPlace
    let backend: LoopbackPlace
    let sidecar: LoopbackPlace
    /// Where the sidecar looks for Sentinels.
    let watchers: [LoopbackPlace]
    let sidecarProcess: ServerProcess
    let directory: URL
    private let flavour: ServerFlavour
    private let servers: Mutex<[ServerProcess]>

    /// - Parameters:
    ///   - flavour: What the Redis servers and Sentinels are.
    ///   - arguments: Added to the sidecar's own.
    ///   - hold: How long it holds commands. Long, so that a machine at its limits is not taken for a lost master.
    ///   - directives: Added to the configuration of both Redis servers.
    ///   - sentinels: How many Sentinels the sidecar is told of.
    ///   - running: How many of them run, the first ones. With a majority, this waits until the sidecar serves.
    /// - Throws: `LoopbackError` when a server is not installed, does not start or does not answer.
    init(
        _ flavour: ServerFlavour = .redis, arguments: [String] = [], hold: String = "30s",
        directives: [String] = ["databases 64"], sentinels: Int = 1, running: Int? = nil
    ) throws {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "breakwater-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let network = LoopbackPlace.randomNetwork()
        func place(_ number: Int) throws -> LoopbackPlace {
            try LoopbackPlace(
                address: "\(network).\(number)", socketPath: directory.appending(path: "\(number).sock").path)
        }
        let (direct, backend, sidecar) = (try place(1), try place(2), try place(3))
        let watchers = try (0..<sentinels).map { try place(10 + $0) }
        let redis = try [direct, backend].map {
            try ServerProcess.redis(flavour, at: $0, in: directory, directives: directives)
        }
        for (server, place) in zip(redis, [direct, backend]) { try server.waitUntilServing(place.connectOverTCP) }
        let watching = try watchers.prefix(running ?? sentinels).map {
            try Self.startSentinel(flavour, at: $0, watching: backend, of: sentinels, in: directory)
        }
        sidecarProcess = try ServerProcess.sidecar(
            ServerProcess.builtProgram("breakwater-proxy"), at: sidecar, following: watchers, service: "mymaster",
            in: directory, arguments: ["--hold", hold] + arguments)
        if watching.count > sentinels / 2 {
            try sidecarProcess.waitUntilServing(sidecar.connectOverTCP)
            try sidecarProcess.waitUntilServing(sidecar.connectOverUnix)
        } else {
            try sidecarProcess.wait(for: "an open port") { (try? sidecar.connectOverTCP()) != nil }
        }
        self.direct = direct
        self.backend = backend
        self.sidecar = sidecar
        self.watchers = watchers
        self.directory = directory
        self.flavour = flavour
        servers = Mutex(redis + watching)
    }

    deinit {
        sidecarProcess.stop()
        for server in servers.withLock({ $0 }) { server.stop() }
        try? FileManager.default.removeItem(at: directory)
    }

    /// Starts one of the Sentinels that were not started at first.
    func startSentinel(_ number: Int) throws {
        let server = try Self.startSentinel(
            flavour, at: watchers[number], watching: backend, of: watchers.count, in: directory)
        servers.withLock { $0.append(server) }
    }

    private static func startSentinel(
        _ flavour: ServerFlavour, at place: LoopbackPlace, watching backend: LoopbackPlace, of count: Int,
        in directory: URL
    ) throws -> ServerProcess {
        try ServerProcess.sentinel(
            flavour, at: place, watching: backend, as: "mymaster", quorum: count / 2 + 1, in: directory)
    }
}
