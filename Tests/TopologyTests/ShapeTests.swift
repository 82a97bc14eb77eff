import Testing
import Topology

/// Files that are not YAML, or YAML of another shape.
let shapeCases: [DiagnosticCase] = [
    DiagnosticCase("nothing", "", "1:1 error topology.empty"),
    DiagnosticCase("a comment", "# nothing yet\n", "1:1 error topology.empty"),
    DiagnosticCase(
        "a list", "- version: 1\n", "1:1 error topology.wrong_type", "1:1 error topology.missing_key",
        "1:1 error topology.missing_key", "1:1 error topology.missing_key"),
    DiagnosticCase("another version", "version: 2\nanything: goes\n", "1:10 error topology.unsupported_version"),
    DiagnosticCase("an unknown key", localFile + "stroe: x\n", "4:1 error topology.unknown_key"),
    DiagnosticCase("an unknown key in a section", localFile + "redis:\n  qorum: 2\n", "5:3 error topology.unknown_key"),
    DiagnosticCase(
        "no store and no provider", "version: 1\n", "1:1 error topology.missing_key", "1:1 error topology.missing_key"),
    DiagnosticCase(
        "no nodes", redisFile("password: env:P"), "14:1 error topology.missing_key", "14:1 error topology.missing_key"),
    DiagnosticCase("a word for a number", localFile + "redis: { port: high }\n", "4:16 error topology.invalid_value"),
    DiagnosticCase("a number out of range", localFile + "redis: { port: 65536 }\n", "4:16 error topology.out_of_range"),
    DiagnosticCase(
        "a duration without unit", localFile + "redis: { down_after: 5 }\n", "4:22 error topology.invalid_value"),
    DiagnosticCase("a list for a word", localFile + "redis: { role: [cache] }\n", "4:10 error topology.wrong_type"),
    DiagnosticCase("a word for a list", localFile + "redis: { durable: cart }\n", "4:19 error topology.wrong_type"),
    DiagnosticCase("a word for a section", localFile + "redis: yes\n", "4:8 error topology.wrong_type"),
    DiagnosticCase("no value", localFile + "redis:\n  port:\n", "5:3 error topology.wrong_type"),
    DiagnosticCase("a section without lines", localFile + "redis:\n"),
    DiagnosticCase("an empty text", localFile + "domain: ''\n", "4:9 error topology.invalid_value"),
    DiagnosticCase(
        "a line break in a value", localFile + "redis: { service: \"a\\nb\" }\n", "4:19 error topology.invalid_value"),
    DiagnosticCase(
        "an entry twice", localFile + "redis: { durable: [a, b, a] }\n", "4:26 error topology.duplicate_entry"),
    DiagnosticCase(
        "a password in the open", localFile + "redis: { password: hunter2 }\n", "4:20 error topology.literal_secret"),
    DiagnosticCase(
        "a relative secret", localFile + "redis: { password: file:pw }\n", "4:20 error topology.literal_secret"),
    DiagnosticCase("a key that is a list", localFile + "[a, b]: 1\n", "4:1 error topology.wrong_type"),

    // YAML itself.
    DiagnosticCase("an open bracket", "version: [1\n", "2:1 error yaml.syntax"),
    DiagnosticCase("a tab", "version: 1\nredis:\n\tport: 1\n", "3:1 error yaml.syntax"),
    DiagnosticCase("two documents", "version: 1\n---\nversion: 1\n", "2:1 error yaml.syntax"),
    DiagnosticCase("a control character", "version: 1\nstore: a\u{1}b\n", "2:9 error yaml.syntax"),
    DiagnosticCase("an anchor", localFile + "domain: &d shop.example\n", "4:9 error yaml.alias"),
    DiagnosticCase(
        "an alias", localFile + "domain: &d shop.example\nweb: { docroot: *d }\n", "4:9 error yaml.alias",
        "4:9 error yaml.alias", "4:9 error topology.invalid_value"),
    DiagnosticCase("an alias of nothing", localFile + "domain: *d\n", "4:9 error yaml.syntax"),
    DiagnosticCase("a key twice", localFile + "store: other\n", "4:1 error yaml.duplicate_key"),
    DiagnosticCase(
        "keys twice and three times, and another fault",
        localFile + "redis:\n  port: 1\n  \"port\": 2\n  role: cash\n  port: 3\nstore: b\n",
        "6:3 error yaml.duplicate_key", "7:9 error topology.invalid_value", "8:3 error yaml.duplicate_key",
        "9:1 error yaml.duplicate_key"),
    DiagnosticCase(
        "a key twice on one line", localFile + "redis: { port: 1, port: 2 }\n", "4:19 error yaml.duplicate_key"),
]

struct ShapeTests {
    @Test(arguments: shapeCases)
    func exactlyTheseFindings(_ example: DiagnosticCase) {
        #expect(findings(example.text) == example.findings)
    }

    @Test func everythingIsFoundAtOnce() {
        let text = """
            version: 1
            store: Shop!
            provider: digital-ocean
            hosts:
              a: { adress: 10.0.0.1 }
            redis:
              role: cash
              quorum: two
              down_after: 5
              password: hunter2
            nonsense: true

            """
        #expect(
            findings(text) == [
                "2:8 error topology.invalid_value", "3:11 error topology.invalid_value",
                "5:8 error topology.unknown_key", "6:1 error topology.missing_key",
                "6:1 error topology.missing_key", "7:9 error topology.invalid_value",
                "8:11 error topology.invalid_value", "9:15 error topology.invalid_value",
                "10:13 error topology.literal_secret", "11:1 error topology.unknown_key",
            ])
    }

    @Test(arguments: [
        ("stroe: x", "did you mean `store`?"), ("Redis: x", "did you mean `redis`?"),
        ("region_failver: x", "did you mean `region_failover`?"), ("side-car: {}", "did you mean `sidecar`?"),
    ])
    func theNearestKeyIsSuggested(_ line: String, _ hint: String) {
        let found = diagnostic("topology.unknown_key", in: localFile + line + "\n")
        #expect(found?.hint == hint)
    }

    @Test func aKeyLikeNoOtherGetsTheList() {
        let found = diagnostic("topology.unknown_key", in: localFile + "zzzzzzzz: x\n")
        #expect(found?.hint?.hasPrefix("known keys: version, store, ") == true)
    }

    @Test func theNearestWordAndHostAreSuggested() {
        #expect(
            diagnostic("topology.invalid_value", in: localFile + "redis: { failover: asisted }\n")?.hint
                == "did you mean `assisted`?")
        let text = redisFile("nodes: [a, b, publik]", "sentinels: [a, b, c]", "password: env:P")
        #expect(diagnostic("hosts.unknown", in: text)?.hint == "did you mean `public`?")
    }

    @Test func aLiteralSecretIsNotRepeated() throws {
        let found = StoreTopology.read(text: localFile + "redis: { password: hunter2 }\n", file: "f").diagnostics
        #expect(found.count == 1)
        #expect(!String(describing: found).contains("hunter2"))
    }

    @Test func whatIsQuotedStaysOnOneShortLine() throws {
        let text = localFile + "redis: { role: \"" + String(repeating: "x", count: 5_000) + "\" }\n"
        let found = try #require(diagnostic("topology.invalid_value", in: text))
        #expect(found.message.count < 200)
    }

    @Test func aTabIsExplained() {
        #expect(
            diagnostic("yaml.syntax", in: "version: 1\nredis:\n\tport: 1\n")?.hint
                == "indent with spaces; YAML does not allow tabs")
    }

    @Test func columnsCountScalarsAndLinesMayEndInCRLF() {
        let text = "version: 1\r\nstore: shop\r\nprovider: local\r\nredis: { idempotent: [\"🛒é\"], port: x }\r\n"
        #expect(findings(text) == ["4:36 error topology.invalid_value"])
        #expect(findings("# é\r\n" + localFile + "store: b\n") == ["5:1 error yaml.duplicate_key"])
    }

    @Test func booleansAndOffAreWords() throws {
        let text = localFile + "redis: { failover: off, early_release: off, persistence: off, role: cache }\n"
        let redis = try #require(StoreTopology.read(text: text, file: "f").topology?.redis)
        #expect(redis.failover == .off)
        #expect(!redis.earlyRelease)
        #expect(redis.persistence == .off)
        #expect(!redis.automaticRestart)
    }

    @Test func defaultsFollowOtherValues() throws {
        let text = localFile + "redis: { role: cache, down_after: 600ms }\nsidecar: {}\n"
        let topology = try #require(StoreTopology.read(text: text, file: "f").topology)
        #expect(topology.redis?.maxmemoryPolicy == .allkeysLRU)
        #expect(topology.redis?.persistence == .off)
        #expect(topology.redis?.hangAfter == .milliseconds(360))
        #expect(topology.sidecar?.selfFence == .milliseconds(480))
        #expect(topology.sidecar?.onTimeout == .close)
    }

    /// The other sidecars have a silent master replaced long before such a `down_after` ends.
    @Test(arguments: [("assisted", 800), ("sentinel", 4_000)])
    func theFenceComesBeforeAnyFailover(failover: String, milliseconds: Int) throws {
        let text = localFile + "redis: { role: cache, down_after: 5s, failover: \(failover) }\nsidecar: {}\n"
        let topology = try #require(StoreTopology.read(text: text, file: "f").topology)
        #expect(topology.sidecar?.selfFence == .milliseconds(milliseconds))
    }
}
