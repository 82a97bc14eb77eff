import Foundation
import LoopbackServers
import Testing

/// Two Redis servers alike: one that clients reach directly, and one behind a Sentinel and the sidecar.
final class SidecarFixture: @unchecked Sendable {
    let direct: LoopbackPlace
    let backend: LoopbackPlace
    let watcher: LoopbackPlace
    let sidecar: LoopbackPlace
    let sidecarProcess: ServerProcess
    private let servers: [ServerProcess]
    private let directory: URL

    /// `arguments` are added to the sidecar's; `directives` to the configuration of both Redis servers.
    init(arguments: [String] = [], directives: [String] = ["databases 64"]) throws {
        let directory = FileManager.default.temporaryDirectory.appending(
            path: "breakwater-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(
            at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let network = LoopbackPlace.randomNetwork()
        func place(_ number: Int) throws -> LoopbackPlace {
            try LoopbackPlace(
                address: "\(network).\(number)", socketPath: directory.appending(path: "\(number).sock").path)
        }
        let (direct, backend, watcher, sidecar) = (try place(1), try place(2), try place(3), try place(4))
        let redis = try [direct, backend].map {
            try ServerProcess.redis(at: $0, in: directory, directives: directives)
        }
        for (server, place) in zip(redis, [direct, backend]) { try server.waitUntilServing(place.connectOverTCP) }
        let sentinel = try ServerProcess.sentinel(
            at: watcher, watching: backend, as: "mymaster", quorum: 1, in: directory)
        sidecarProcess = try ServerProcess.sidecar(
            ServerProcess.builtProgram("breakwater-proxy"), at: sidecar, following: [watcher],
            service: "mymaster", in: directory, arguments: arguments)
        try sidecarProcess.waitUntilServing(sidecar.connectOverTCP)
        try sidecarProcess.waitUntilServing(sidecar.connectOverUnix)
        self.direct = direct
        self.backend = backend
        self.watcher = watcher
        self.sidecar = sidecar
        self.directory = directory
        servers = redis + [sentinel]
    }

    deinit {
        sidecarProcess.stop()
        for server in servers { server.stop() }
        try? FileManager.default.removeItem(at: directory)
    }
}

/// Runs `body` on threads of their own, for it blocks, and waits for all of them.
func onThreads<Result: Sendable>(_ count: Int, _ body: @escaping @Sendable (Int) -> Result) async -> [Result] {
    await withTaskGroup(of: (Int, Result).self) { group in
        for number in 0..<count {
            group.addTask {
                await withCheckedContinuation { continuation in
                    Thread { continuation.resume(returning: (number, body(number))) }.start()
                }
            }
        }
        var results: [(Int, Result)] = []
        for await result in group { results.append(result) }
        return results.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
