import NIOCore
import RESP

/// Empties the database of a shop on whatever node is master, after its rows were replaced: cached objects outlive them.
package struct MasterFlush: Sendable {
    private let watcher: SentinelWatcher.Configuration

    package init(_ watcher: SentinelWatcher.Configuration) { self.watcher = watcher }

    /// Why it was not done.
    package struct Failure: Error, CustomStringConvertible {
        package var description: String
    }

    /// The node that a majority of the Sentinels names, and that says itself that it is master.
    /// - Throws: `Failure`.
    package func master() async throws -> RedisEndpoint {
        let servers = SwitchoverServers(watcher, operator: nil)
        defer { servers.close() }
        return try await master(servers)
    }

    /// Empties it. While a failover goes on there is no master to ask: it is tried again until the patience ends.
    /// - Throws: `Failure`, `CancellationError`.
    package func run(patience: Duration = .seconds(15)) async throws -> RedisEndpoint {
        let servers = SwitchoverServers(watcher, operator: nil)
        defer { servers.close() }
        let end = ContinuousClock.now + patience
        while true {
            do {
                let master = try await master(servers)
                // Keys are gone at once, their memory a little later; a demoted node refuses it.
                try await servers.expectOK(master, ["FLUSHDB", "ASYNC"])
                return master
            } catch let error as CancellationError {
                throw error
            } catch {
                guard ContinuousClock.now < end else { throw Failure(description: "\(error)") }
                try await Task.sleep(for: .milliseconds(250))
            }
        }
    }

    private func master(_ servers: SwitchoverServers) async throws -> RedisEndpoint {
        guard let named = await servers.named(by: watcher.sentinels, watcher.service) else {
            throw Failure(description: "no majority of the Sentinels names one master")
        }
        let role = try await servers.send(named.endpoint, ["ROLE"])
        guard role.elements?.first?.string == "master" else {
            throw Failure(description: "\(named.endpoint) does not say that it is master")
        }
        return named.endpoint
    }
}
