import Foundation
import Rendering
import Testing
import Topology

/// Rendered files, compared with those under `Golden/` byte for byte.
///
/// After a change on purpose: `BREAKWATER_UPDATE_GOLDEN=1 swift test --filter GoldenTests`, then read the difference.
struct GoldenTests {
    /// Hosts that differ only in names and addresses from one of these are left out.
    @Test func aCacheInProduction() throws {
        let files = try Renderer.render(
            Stores.topology(Stores.cache), targets: Set(RenderTarget.allCases), layout: .production,
            secrets: RedisSecrets(all: Secret("common-secret")), topologyText: Stores.cache)
        try compare(files, with: "cache", hosts: ["redis-1", "redis-2", "sentinel-1", "web-1"])
    }

    @Test func aStoreInProduction() throws {
        let files = try Renderer.render(
            Stores.topology(Stores.store), targets: Set(RenderTarget.allCases), layout: .production,
            secrets: Stores.secrets, topologyText: Stores.store)
        try compare(files, with: "store", hosts: ["a", "b", "d"])
    }

    @Test func aLocalStore() throws {
        let files = try Renderer.render(
            Stores.topology(Stores.local), targets: [.redis, .sentinel], layout: .local(directory: "/tmp/state"),
            secrets: nil)
        try compare(files, with: "local", hosts: ["redis-1", "redis-2", "sentinel-1"])
    }

    @Test func anEncryptedStoreInProduction() throws {
        var secrets = Stores.secrets
        secrets.operator = Secret("operator-secret")
        let files = try Renderer.render(
            Stores.topology(Stores.encrypted), targets: Set(RenderTarget.allCases), layout: .production,
            secrets: secrets, topologyText: Stores.encrypted)
        try compare(files, with: "encrypted", hosts: ["a"])
    }

    @Test func anEncryptedLocalStore() throws {
        let files = try Renderer.render(
            Stores.topology(Stores.encryptedLocal), targets: [.redis, .sentinel],
            layout: .local(directory: "/tmp/state"), secrets: nil)
        try compare(files, with: "encrypted-local", hosts: ["redis-2", "sentinel-1"])
    }

    /// Web nodes and balancers of the store's own, with TLS that ends at them.
    @Test func aShopInProduction() throws {
        let files = try Renderer.render(
            Stores.topology(Stores.shop), targets: [.haproxy, .nginx, .wordpress], layout: .production, secrets: nil)
        try compare(files, with: "shop", hosts: ["web-1", "lb-1"])
    }

    @Test func aLocalShop() throws {
        var settings = WebRenderingSettings()
        settings.sidecarSockets = ["web-1": "/tmp/state/run/web-1.sock"]
        (settings.databaseAddress, settings.databaseName) = ("127.7.7.10:3306", "shop")
        (settings.databaseUser, settings.databasePasswordFile) = ("o'hara", "/tmp/state/secrets/mysql.password")
        settings.runsAsRoot = true
        let files = try Renderer.render(
            Stores.topology(Stores.local), targets: [.haproxy, .nginx, .wordpress],
            layout: .local(directory: "/tmp/state"), secrets: nil, web: settings)
        try compare(files, with: "local-shop", hosts: ["web-1", "lb-1"])
    }

    private func compare(_ files: [RenderedFile], with name: String, hosts: Set<String>) throws {
        let golden = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name)")
        let selected = files.filter { file in
            file.path.split(separator: "/").first.map { hosts.contains(String($0)) } == true
        }
        try #require(!selected.isEmpty)
        if ProcessInfo.processInfo.environment["BREAKWATER_UPDATE_GOLDEN"] != nil {
            try? FileManager.default.removeItem(at: golden)
            for file in selected {
                let url = golden.appending(path: file.path)
                try FileManager.default.createDirectory(
                    at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(file.contents.utf8).write(to: url)
            }
        }
        for file in selected {
            let expected = try? String(contentsOf: golden.appending(path: file.path), encoding: .utf8)
            #expect(file.contents == expected, "\(name)/\(file.path)")
        }
        let kept = FileManager.default.enumerator(at: golden, includingPropertiesForKeys: [.isRegularFileKey])?
            .compactMap { $0 as? URL }.filter {
                (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true
            }
        #expect(kept?.count == selected.count, "golden files that nothing renders any more")
    }
}
