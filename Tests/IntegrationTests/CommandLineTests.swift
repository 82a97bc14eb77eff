import Age
import Foundation
import Testing
import Topology

/// The built `breakwater`, from outside: what it prints where, and how it ends.
struct CommandLineTests {
    private let program: BreakwaterProgram
    private var folder: URL { program.folder }

    init() throws { program = try BreakwaterProgram() }

    private func breakwater(
        _ arguments: String..., environment: [String: String] = [:]
    ) async throws -> BreakwaterProgram.Outcome {
        try await program.run(arguments, environment)
    }

    @Test(arguments: ["local", "digitalocean"])
    func aStarterTopologyIsValidAndNeverOverwritesAnything(_ template: String) async throws {
        let encrypted = try await breakwater("init", "--template", template, "--tls", "-o", "tls.yaml")
        #expect(encrypted.status == 0 && encrypted.errors.contains("docs/tls.md"))
        let reading = StoreTopology.read(
            text: try String(contentsOf: folder.appending(path: "tls.yaml"), encoding: .utf8), file: "f")
        #expect(reading.diagnostics == [] && reading.topology?.redis?.tls != nil)
        let first = try await breakwater("init", "--template", template)
        #expect(first.status == 0)
        #expect(first.output == "wrote breakwater.yaml\nwrote breakwater.identity\n")
        let text = try String(contentsOf: folder.appending(path: "breakwater.yaml"), encoding: .utf8)
        #expect(StoreTopology.read(text: text, file: "f").diagnostics == [])

        // The private key is for its owner's eyes; the topology names its public half.
        let identity = folder.appending(path: "breakwater.identity")
        let mode = try FileManager.default.attributesOfItem(atPath: identity.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let key = try String(contentsOf: identity, encoding: .utf8)
        let known = try #require(try X25519Identity.identities(inFile: key).first)
        #expect(text.contains("recipients: [\(known.recipient)]") && !text.contains("AGE-SECRET-KEY"))
        // What a local store leaves to be filled in can be used as it stands.
        let whole = text.replacing("# mysql:", with: "mysql:").replacing("# backup:", with: "backup:")
            .replacing("\n#   ", with: "\n  ")
        let filled = StoreTopology.read(text: whole, file: "f")
        #expect(filled.topology?.backup?.recipients == ["\(known.recipient)"], "\(filled.diagnostics)")

        let second = try await breakwater("init")
        #expect(second.status == 3)
        #expect(second.output == "")
        #expect(second.errors.contains("[init.exists]"))
        #expect(try String(contentsOf: folder.appending(path: "breakwater.yaml"), encoding: .utf8) == text)
        #expect(try String(contentsOf: identity, encoding: .utf8) == key)

        // An identity that is there is used again, and not overwritten.
        try FileManager.default.removeItem(at: folder.appending(path: "breakwater.yaml"))
        let third = try await breakwater("init", "--template", template)
        #expect(third.output == "wrote breakwater.yaml\n")
        #expect(try String(contentsOf: identity, encoding: .utf8) == key)
        #expect(try String(contentsOf: folder.appending(path: "breakwater.yaml"), encoding: .utf8) == text)

        let check = try await breakwater("validate")
        #expect(check.status == 0)
        #expect(check.output == "")
        #expect(check.errors == "breakwater.yaml: valid\n")
        #expect(try await breakwater("validate", "--json").output == "{\"diagnostics\":[],\"valid\":true}\n")
    }

    @Test func validateShowsEverythingInTheFormEditorsRead() async throws {
        try program.write(
            "version: 1\nstore: shop\nprovider: local\nredis: { quorum: 1, roel: cache }\n", to: "shop.yaml")
        let text = try await breakwater("validate", "-f", "shop.yaml")
        #expect(text.status == 2)
        #expect(
            text.output == """
                shop.yaml:4:18: error: the quorum is 1, but a majority of 3 Sentinels is 2 [redis.quorum_not_majority]
                    hint: with less a minority that is cut off declares a healthy master dead; leave `quorum` out
                shop.yaml:4:21: error: unknown key `roel` in `redis` [topology.unknown_key]
                    hint: did you mean `role`?

                """)
        #expect(text.errors == "shop.yaml: not valid, 2 errors\n")

        let json = try await breakwater("validate", "-f", "shop.yaml", "--json")
        #expect(json.status == 2)
        let document = try json.document()
        #expect(document["valid"] as? Bool == false)
        let diagnostics = try #require(document["diagnostics"] as? [[String: Any]])
        #expect(
            diagnostics.compactMap { $0["code"] as? String } == ["redis.quorum_not_majority", "topology.unknown_key"])
        #expect(diagnostics.compactMap { $0["column"] as? Int } == [18, 21])
        #expect(
            Set(diagnostics.flatMap(\.keys)) == ["file", "line", "column", "severity", "code", "message", "hint"])
    }

    @Test func warningsAloneAreNoFailure() async throws {
        try program.write("version: 1\nstore: shop\nprovider: local\nsidecar: { hold: 5s }\n", to: "breakwater.yaml")
        let outcome = try await breakwater("validate")
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("warning:"))
        #expect(outcome.errors == "breakwater.yaml: valid, 1 warning\n")
    }

    @Test func whatCannotBeUsedEndsWithTwo() async throws {
        for arguments in [
            ["nonsense"], ["validate", "--nonsense"], ["render", "-o", "x"], ["init", "--template", "x"],
        ] {
            let outcome = try await program.run(arguments)
            #expect(outcome.status == 2, "\(arguments)")
            #expect(outcome.output == "", "\(arguments)")
            #expect(outcome.errors.contains("Usage: breakwater"), "\(arguments)")
        }
        let json = try await breakwater("validate", "--nonsense", "--json")
        #expect(json.status == 2)
        #expect((try json.document()["error"] as? [String: Any])?["code"] as? String == "usage")
        #expect(try await breakwater("validate", "-f", "absent.yaml").status == 2)
        #expect(try await breakwater("--help").status == 0)
        #expect(try await breakwater("--version").output == "0.1.0\n")
    }

    private static let production = """
        version: 1
        store: shop
        provider: digitalocean
        hosts:
          a: { address: 10.0.0.1 }
          b: { address: 10.0.0.2 }
          c: { address: 10.0.0.3 }
        redis: { nodes: [a, b, c], sentinels: [a, b, c], password: env:REDIS_PASSWORD }

        """

    @Test func renderWritesSecretsForTheirOwnerAloneAndReplacesNothingUnasked() async throws {
        try program.write(Self.production, to: "breakwater.yaml")
        let environment = ["REDIS_PASSWORD": "hunter2hunter2"]
        let first = try await breakwater(
            "render", "--to", "redis", "sentinel", "-o", "out", "--json", environment: environment)
        #expect(first.status == 0)
        let files = try #require(try first.document()["files"] as? [[String: Any]])
        #expect(files.count == 9)
        #expect(!(first.output + first.errors).contains("hunter2"))
        for file in files {
            let path = folder.appending(path: "out/\(try #require(file["path"] as? String))").path
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            #expect(mode == 0o600, "\(path)")
            #expect(file["mode"] as? String == "0600")
        }

        // Again: nothing to do. Changed by hand: refused, and nothing else written either.
        let same = try await breakwater("render", "--to", "redis", "-o", "out", "--json", environment: environment)
        #expect(
            try #require(try same.document()["files"] as? [[String: Any]]).allSatisfy {
                $0["written"] as? Bool == false
            })
        let changed = folder.appending(path: "out/b/etc/breakwater/redis/redis.conf")
        try Data("mine\n".utf8).write(to: changed)
        let refused = try await breakwater("render", "--to", "all", "-o", "out", environment: environment)
        #expect(refused.status == 3)
        #expect(refused.errors.contains("[render.would_overwrite]"))
        #expect(try String(contentsOf: changed, encoding: .utf8) == "mine\n")
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "out/a/etc/systemd").path))

        let overwritten = try await breakwater(
            "render", "--to", "all", "-o", "out", "--overwrite", environment: environment)
        #expect(overwritten.status == 0)
        #expect(try String(contentsOf: changed, encoding: .utf8).contains("bind 10.0.0.2\n"))
        let mode = try FileManager.default.attributesOfItem(atPath: changed.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test func renderSaysWhatIsMissing() async throws {
        try program.write(Self.production, to: "breakwater.yaml")
        let later = try await breakwater("render", "--to", "terraform", "-o", "out", "--json")
        #expect(later.status == 2)
        let error = try #require(try later.document()["error"] as? [String: Any])
        #expect(error["code"] as? String == "render.target_unavailable")
        #expect(error["hint"] as? String == "available: redis, sentinel, haproxy, nginx, wordpress, systemd, all")

        let secret = try await breakwater("render", "--to", "redis", "-o", "out")
        #expect(secret.status == 1)
        #expect(secret.errors.contains("env:REDIS_PASSWORD"))
        #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "out").path))

        let unusable = try await breakwater(
            "render", "--to", "redis", "-o", "out", environment: ["REDIS_PASSWORD": "two words"])
        #expect(unusable.status == 2)
        #expect(unusable.errors.contains("[render.password_unusable]"))
        #expect(!unusable.errors.contains("two words"))
    }

    @Test func outputThatIsNoTerminalHasNoColours() async throws {
        let outcome = try await breakwater("validate", "-f", "absent.yaml", environment: ["TERM": "xterm-256color"])
        #expect(outcome.output.contains("error:"))
        #expect(!(outcome.output + outcome.errors).contains("\u{1B}"))
    }
}
