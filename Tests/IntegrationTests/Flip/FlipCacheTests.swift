import Foundation
import LocalStack
import RESP
import RedisClient
import Testing

extension BackupTests.Flips {
    /// With the shop's Redis and Sentinels: cached objects outlive their rows.
    @Test(.timeLimit(.minutes(3))) func theCacheIsEmptiedWhereverItsMasterIs() async throws {
        let redis = "redis: { role: cache, persistence: off, down_after: 1s, failover_timeout: 6s, maxmemory: 32MiB }"
        try await FlippedShop.with(local: "\(redis)\nsidecar: { self_fence: 800ms }") { flipped in
            let program = flipped.program
            let only = [
                "restore", "--flip-only", "--settle", "0s", "--json", "--to", flipped.shop.url,
            ]
            // Nothing runs: what cannot be emptied is known before the shop is closed.
            let early = try await program.run(only, flipped.shop.environment)
            #expect(early.status == 1)
            #expect(try early.code() == "stack.not_running", "\(early.errors)")

            let up = try program.start(["up"], flipped.shop.environment)
            let state = StateDirectory(program.folder.appending(path: ".breakwater").path)
            try await eventually(within: .seconds(60), "the store is ready") {
                StackManifest.read(state)?.ready == true
            }
            let manifest = try #require(StackManifest.read(state))
            let master = try #require(manifest.members.first { $0.kind == .redis }?.endpoint)
            var options = RedisConnection.Options()
            options.credentials = manifest.nodeCredentials
            let connection = try await RedisConnection.connect(to: .tcp(master), options: options)
            defer { connection.abandon() }
            _ = try await connection.send(["SET", "wp:options:alloptions", "of the old rows"])
            let flip = try await program.run(only, flipped.shop.environment)
            #expect(flip.status == 0, "\(flip.errors)")
            #expect(try flip.document()["cache_flushed"] as? Bool == true)
            #expect(try await connection.send(["DBSIZE"]).integer == 0)
            up.kill(SIGINT)
            try await up.ended()
        }
    }

    /// A Redis that promises to drop nothing is not emptied unasked.
    @Test func aStoreIsNotEmptiedUnasked() async throws {
        try await FlippedShop.with(local: "redis: { role: store }") { flipped in
            let refused = try await flipped.program.run(
                ["restore", "--flip-only", "--json", "--to", flipped.shop.url], flipped.shop.environment)
            #expect(refused.status == 3)
            #expect(try refused.code() == "flip.would_drop", "\(refused.errors)")
            #expect(!flipped.isClosed)
        }
    }
}
