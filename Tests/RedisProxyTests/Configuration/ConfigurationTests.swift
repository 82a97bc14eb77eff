import Foundation
import RedisClient
import Testing

@testable import RedisProxy

@Suite struct ConfigurationTests {
    let good = ProxyConfiguration(
        listeners: [ProxyListener(.unix(path: "/run/breakwater/redis.sock"))],
        sentinels: [RedisEndpoint(host: "10.0.0.1", port: 26379), RedisEndpoint(host: "10.0.0.2", port: 26379)],
        service: "mymaster")

    func codes(_ change: (inout ProxyConfiguration) -> Void) -> [String] {
        var configuration = good
        change(&configuration)
        return configuration.problems().map { "\($0.severity.rawValue) \($0.code)" }
    }

    @Test func aSoundConfigurationHasNoProblems() {
        #expect(good.problems() == [])
    }

    @Test func everyProblemIsNamed() {
        #expect(codes { $0.listeners = [] } == ["error proxy.no_listener"])
        #expect(codes { $0.sentinels = [] } == ["error proxy.no_sentinel"])
        #expect(codes { $0.sentinels.removeLast() } == ["warning proxy.one_sentinel"])
        #expect(codes { $0.service = "" } == ["error proxy.bad_service"])
        #expect(codes { $0.service = "my master" } == ["error proxy.bad_service"])
        #expect(codes { $0.listeners += $0.listeners } == ["error proxy.duplicate_listener"])
        #expect(codes { $0.hold = .seconds(601) } == ["error proxy.bad_hold"])
        #expect(codes { $0.onTimeout = .degrade } == ["error proxy.degrade_needs_cache"])
        #expect(
            codes {
                $0.onTimeout = .degrade
                $0.role = .cache
            } == [])
        #expect(codes { $0.idempotentPrefixes = [""] } == ["error proxy.empty_prefix"])
        #expect(codes { $0.durablePrefixes = [""] } == ["error proxy.empty_durable_prefix"])
        #expect(codes { $0.threads = 0 } == ["error proxy.out_of_range"])
        #expect(codes { $0.limits.clients = 0 } == ["error proxy.out_of_range"])
        #expect(codes { $0.slowLog = .zero } == ["error proxy.bad_slow_log"])
        #expect(codes { $0.drainTimeout = .seconds(-1) } == ["error proxy.bad_drain"])
    }

    @Test func allProblemsAreReportedAtOnce() {
        let found = codes {
            $0.listeners = []
            $0.sentinels = []
            $0.threads = 0
        }
        #expect(found == ["error proxy.no_listener", "error proxy.no_sentinel", "error proxy.out_of_range"])
    }

    @Test func whatOthersCanReachIsPointedOut() {
        let open = RedisEndpoint(host: "10.0.0.9", port: 6379)
        #expect(codes { $0.listeners = [ProxyListener(.tcp(open))] } == ["warning proxy.open_listener"])
        #expect(
            codes {
                $0.listeners = [ProxyListener(.tcp(open))]
                $0.clientPassword = Secret("x")
            } == [])
        #expect(codes { $0.admin = RedisEndpoint(host: "0.0.0.0", port: 9121) } == ["warning proxy.admin_exposed"])
        #expect(codes { $0.admin = RedisEndpoint(host: "127.0.0.1", port: 9121) } == [])
    }

    @Test func anAddressHasOneUse() {
        let admin = RedisEndpoint(host: "127.0.0.1", port: 6379)
        #expect(
            codes {
                $0.listeners = [ProxyListener(.tcp(admin))]
                $0.admin = admin
            } == ["error proxy.duplicate_listener"])
        #expect(
            codes { $0.listeners.append(ProxyListener(.tcp($0.sentinels[0]))) }
                .contains("error proxy.listener_is_sentinel"))
    }

    @Test(arguments: [
        ("localhost", true), ("127.0.0.1", true), ("127.9.8.7", true), ("::1", true), ("10.0.0.1", false),
        ("0.0.0.0", false), ("127.example.com", false), ("redis-1", false),
    ])
    func loopbackIsRecognised(host: String, expected: Bool) {
        #expect(RedisEndpoint(host: host, port: 1).isLoopback == expected)
    }

    @Test func aReloadSaysWhatItCannotChange() {
        var changed = good
        changed.hold = .seconds(2)
        changed.clientPassword = Secret("new")
        #expect(changed.needingRestart(since: good) == [])
        changed.threads = 2
        changed.listeners = []
        #expect(changed.needingRestart(since: good) == ["--listen", "--threads"])
    }
}

@Suite struct SecretFileTests {
    @Test func aSecretComesWithoutItsLineEnd() throws {
        for (text, secret) in [("s3cret\n", "s3cret"), ("s3cret\r\n", "s3cret"), (" a b ", " a b "), ("ü\n", "ü")] {
            try withFile(Data(text.utf8), mode: 0o600) { path in
                var warnings: [ConfigurationProblem] = []
                let read = try SecretFile.contents(of: path) { warnings.append($0) }
                #expect(read.exposed == secret)
                #expect(warnings == [])
            }
        }
    }

    @Test func aFileThatEverybodyMayReadIsPointedOut() throws {
        try withFile(Data("x".utf8), mode: 0o644) { path in
            var warnings: [ConfigurationProblem] = []
            _ = try SecretFile.contents(of: path) { warnings.append($0) }
            #expect(warnings.map(\.code) == ["proxy.secret_exposed"])
        }
    }

    @Test func whatIsNoPasswordIsRefusedWithItsReason() throws {
        func message(_ path: String) -> String {
            do {
                _ = try SecretFile.contents(of: path) { _ in }
                return ""
            } catch {
                return error.message
            }
        }
        try withFile(Data("\n".utf8), mode: 0o600) { #expect(message($0).contains("it is empty")) }
        try withFile(Data([0xFF, 0xFE]), mode: 0o600) { #expect(message($0).contains("not UTF-8")) }
        try withFile(Data(count: 70_000), mode: 0o600) { #expect(message($0).contains("longer than")) }
        #expect(message("/nonexistent/password").contains("No such file"))
        #expect(message("/tmp").contains("directory"))
    }

    private func withFile(_ data: Data, mode: Int, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.path() + "bw-\(UUID().uuidString)"
        try data.write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
        try body(path)
    }
}
