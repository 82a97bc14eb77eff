import Testing
import Topology

/// The files people start from.
struct ExampleFilesTests {
    @Test func theCompleteFileIsValid() throws {
        let reading = StoreTopology.read(text: completeFile, file: "breakwater.yaml")
        #expect(reading.diagnostics == [])
        let topology = try #require(reading.topology)
        #expect(topology.store == "your-store")
        #expect(topology.provider == .digitalocean)
        #expect(topology.hosts.count == 9)
        #expect(topology.address(of: "redis-2") == "10.10.0.12")

        let redis = try #require(topology.redis)
        #expect(redis.role == .cache)
        #expect(redis.nodes == ["redis-1", "redis-2", "redis-3"])
        #expect(redis.quorum == 2)
        #expect(redis.downAfter == .seconds(5))
        #expect(redis.maxmemory == .mebibytes(512))
        #expect(redis.password == .file("/etc/breakwater/redis.password"))

        let sidecar = try #require(topology.sidecar)
        #expect(sidecar.listen == [.unix("/run/breakwater/redis.sock")])
        #expect(sidecar.onTimeout == .degrade)
        #expect(sidecar.nodes == ["web-1", "web-2", "web-3"])

        #expect(topology.mysql?.endpoint == "your-store-db.example:25060")
        #expect(topology.database?.description == "mysql://doadmin@your-store-db.example:25060/your_store")
        #expect(topology.database?.effectiveTLS == .verifyCA)
        let backup = try #require(topology.backup)
        #expect(backup.keep == RetentionPolicy(hourly: 24, daily: 14, weekly: 8, monthly: 12))
        #expect(backup.to.map(\.credentials) == [.environment])
        #expect(backup.to.first?.location.region == "sfo3")
        #expect(backup.schedule?.hours == [3])
        #expect(backup.schemaOnly == [.preset(.woocommerce)])
        #expect(topology.dns?.token == .environment("CLOUDFLARE_API_TOKEN"))
        #expect(topology.regionFailover?.fence == [.web, .database])
        #expect(topology.alerts.map(\.webhook) == [.environment("SLACK_WEBHOOK_URL")])
    }

    @Test func aLocalStoreNeedsThreeLines() throws {
        let reading = StoreTopology.read(text: localFile, file: "breakwater.yaml")
        #expect(reading.diagnostics == [])
        let topology = try #require(reading.topology)
        #expect(
            topology.hosts.map(\.name) == [
                "redis-1", "redis-2", "redis-3", "sentinel-1", "sentinel-2", "sentinel-3", "web-1", "web-2", "web-3",
                "lb-1",
            ])
        #expect(topology.hosts.allSatisfy { $0.address == nil })
        let redis = try #require(topology.redis)
        #expect(redis.service == "mymaster")
        #expect(redis.role == .store)
        #expect(redis.quorum == 2)
        #expect(redis.downAfter == .seconds(5))
        #expect(redis.failoverTimeout == .seconds(10))
        #expect(redis.failover == .assisted)
        #expect(redis.persistence == .aof)
        #expect(redis.automaticRestart)
        #expect(redis.maxmemoryPolicy == .noeviction)
        #expect(redis.minReplicasToWrite == 1)
        #expect(redis.password == nil)
        let sidecar = try #require(topology.sidecar)
        #expect(sidecar.hold == .milliseconds(800))
        #expect(sidecar.onTimeout == .close)
        #expect(sidecar.listen == [.loopback(port: 6_379)])
        #expect(sidecar.nodes == ["web-1", "web-2", "web-3"])
        #expect(sidecar.selfFence < redis.downAfter)
    }

    @Test func loopbackAddressesAreGivenOutInOrder() throws {
        let topology = try #require(StoreTopology.read(text: localFile, file: "f").topology)
        let assigned = try #require(topology.assigningLoopback(network: LoopbackNetwork(second: 77, third: 3)))
        #expect(assigned.hosts.compactMap(\.address) == (1...10).map { "127.77.3.\($0)" })
        #expect(assigned.assigningLoopback(network: LoopbackNetwork(second: 1, third: 1)) == assigned)
    }

    @Test func givenLoopbackAddressesAreKept() throws {
        let text =
            localFile + """
                hosts:
                  a: {}
                  b: { address: 127.77.3.1 }
                  c:
                redis: { nodes: [a, b, c], sentinels: [a, b, c] }
                web: { nodes: [c] }

                """
        let reading = StoreTopology.read(text: text, file: "f")
        #expect(reading.diagnostics == [])
        let topology = try #require(reading.topology)
        let assigned = topology.assigningLoopback(network: LoopbackNetwork(second: 77, third: 3))
        #expect(assigned?.hosts.map(\.address) == ["127.77.3.2", "127.77.3.1", "127.77.3.3"])
    }
}
