import Foundation
import LoopbackServers
import Synchronization

/// A database server that is killed and comes back with its data at its old address.
final class RestartableDatabase: Sendable {
    let flavour: LoopbackDatabase.Flavour
    private let data: URL
    private let current: Mutex<LoopbackDatabase>

    /// As shops have it: what is committed is on the disk.
    private static let options = ["--innodb-flush-log-at-trx-commit=1"]

    init(_ flavour: LoopbackDatabase.Flavour) throws {
        self.flavour = flavour
        data = FileManager.default.temporaryDirectory.appending(path: "bw-data-\(UUID().uuidString)")
        current = Mutex(try LoopbackDatabase(flavour, data: data, options: Self.options))
    }

    deinit {
        server.process.stop()
        try? FileManager.default.removeItem(at: data)
    }

    var server: LoopbackDatabase { current.withLock { $0 } }

    /// Kills it and starts it again; returns when it answers.
    func crash() async throws {
        try await onThread { [self] in
            let old = server
            old.process.stop()
            let network = old.place.address.split(separator: ".").dropLast().joined(separator: ".")
            let new = try LoopbackDatabase(
                flavour, network: network, port: old.place.port, data: data, options: Self.options)
            current.withLock { $0 = new }
        }
    }

    /// As `--from` and `--to` take it.
    func url(_ database: String) -> String {
        let place = server.place
        return "mysql://root@\(place.address):\(place.port)/\(database)?tls=off"
    }
}
