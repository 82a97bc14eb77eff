import Rendering
import Testing
import Topology

/// What must hold for every rendered file, whatever its exact text.
struct RendererTests {
    private func render(_ text: String, _ secrets: RedisSecrets? = Stores.secrets) throws -> [RenderedFile] {
        try Renderer.render(
            Stores.topology(text), targets: Set(RenderTarget.allCases), layout: .production, secrets: secrets,
            topologyText: text)
    }

    @Test(arguments: [Stores.cache, Stores.store])
    func everyFileThatHoldsASecretIsForItsOwnerAlone(_ text: String) throws {
        let files = try render(text)
        let withSecrets = files.filter { $0.contents.contains("-secret") }
        #expect(!withSecrets.isEmpty)
        #expect(withSecrets.allSatisfy { $0.mode == 0o600 })
    }

    @Test(arguments: [Stores.cache, Stores.store])
    func pathsAreDistinctAndStayBelowTheOutputDirectory(_ text: String) throws {
        let paths = try render(text).map(\.path)
        #expect(Set(paths).count == paths.count)
        #expect(paths.allSatisfy { !$0.hasPrefix("/") && !$0.contains("..") })
    }

    @Test(arguments: [Stores.cache, Stores.store])
    func everyNodeCanBecomeAReplica(_ text: String) throws {
        let files = try render(text).filter { $0.kind == .redisConfiguration }
        #expect(files.count == 3)
        for file in files {
            #expect(file.contents.contains("\nmasteruser replica\n"))
            #expect(file.contents.contains("\nmasterauth replica-secret\n"))
            #expect(file.contents.contains("\nmin-replicas-to-write 1\n"))
            #expect(!file.contents.contains("0.0.0.0\n"))
        }
        #expect(files.count { $0.contents.contains("\nreplicaof ") } == 2)
    }

    @Test func onlyANodeWithItsDataOnDiskStartsByItself() throws {
        let cache = try render(Stores.cache).filter { $0.path.hasSuffix("breakwater-redis.service") }
        #expect(cache.count == 3)
        #expect(cache.allSatisfy { $0.contents.contains("\nRestart=no\n") && !$0.contents.contains("[Install]") })
        let store = try render(Stores.store).filter { $0.path.hasSuffix("breakwater-redis.service") }
        #expect(store.count == 3)
        #expect(store.allSatisfy { $0.contents.contains("\nRestart=always\n") && $0.contents.contains("[Install]") })
    }

    @Test func eachUserHasItsOwnPassword() throws {
        let file = try #require(try render(Stores.store).first { $0.path.hasSuffix("users.acl") })
        let users = file.contents.split(separator: "\n").map {
            $0.split(separator: " ").prefix(4).joined(separator: " ")
        }
        #expect(
            users == [
                "user default on >app-secret", "user app on >app-secret", "user sentinel on >sentinel-secret",
                "user replica on >replica-secret", "user breakwater on >breakwater-secret",
            ])
    }

    @Test func theSameInputGivesTheSameFiles() throws {
        #expect(try render(Stores.store) == render(Stores.store))
    }

    @Test func withoutSecretsOnlyLoopbackIsRendered() throws {
        #expect(throws: RenderError.secretsMissing) { try render(Stores.cache, nil) }
    }

    @Test(arguments: ["", "with space", "quo\"te", "quo'te", "back\\slash", "tab\t", "naïve"])
    func passwordsThatSentinelCouldNotReadBackAreRefused(_ password: String) throws {
        #expect(throws: RenderError.passwordUnusable(user: "app")) {
            try render(Stores.cache, RedisSecrets(all: Secret(password)))
        }
    }

    @Test func aLocalStoreHasNoUnits() throws {
        #expect(throws: RenderError.targetNotForProvider(.systemd, .local)) { try render(Stores.local, nil) }
    }

    @Test func aLocalStoreNeedsAddresses() throws {
        let topology = try #require(StoreTopology.read(text: Stores.local, file: "f").topology)
        #expect(throws: RenderError.addressMissing(host: "redis-1")) {
            try Renderer.render(topology, targets: [.redis], layout: .local(directory: "/tmp/x"), secrets: nil)
        }
    }

    @Test func secretsFallBackToTheCommonPassword() throws {
        var redis = try #require(try Stores.topology(Stores.cache).redis)
        redis.users.replica = .environment("REPLICA")
        let secrets = try #require(RedisSecrets(of: redis) { reference in Secret(reference.description) })
        #expect(secrets.app.reveal() == "file:/etc/breakwater/redis.password")
        #expect(secrets.replica.reveal() == "env:REPLICA")
        redis.password = nil
        #expect(RedisSecrets(of: redis) { reference in Secret(reference.description) } == nil)
    }
}

extension RendererTests {
    /// Redis splits a line into words and knows quotes; a state directory may be anywhere.
    @Test func pathsWithSpacesAndQuotesAreOneWord() throws {
        let files = try Renderer.render(
            Stores.topology(Stores.local), targets: [.redis], layout: .local(directory: "/tmp/my \"shop\"\\x"),
            secrets: nil)
        let file = try #require(files.first)
        #expect(file.contents.contains(#"dir "/tmp/my \"shop\"\\x/redis-1/redis""#))
    }
}
