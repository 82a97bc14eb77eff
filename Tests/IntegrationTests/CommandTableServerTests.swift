import Foundation
import RedisProxy
import Subprocess
import Testing

/// Holds the sidecar's command table against what a real server says of itself.
@Suite struct CommandTableServerTests {
    @Test func theTableHasEveryCommandOfTheServer() async throws {
        let answer = try await redisServer { socket in
            try await redisCLI(socket, "--json", "command")
        }
        let commands = try JSONDecoder().decode([ReportedCommand].self, from: Data(answer.utf8))
        // Redis 7.0 has 240; less would mean that something else was asked.
        #expect(commands.count >= 240)

        let known = Dictionary(uniqueKeysWithValues: CommandCatalogue.all.map { ($0.name, $0) })
        for command in commands.flatMap({ [$0] + $0.subcommands }) {
            let name = command.name.uppercased().replacing("|", with: " ")
            guard let ours = known[name] else {
                Issue.record("the table does not have \(name)")
                continue
            }
            #expect(Int(ours.arity) == command.arity, "arity of \(name)")
            let keys = [ours.keys.first, ours.keys.last, ours.keys.step].map(Int.init)
            #expect(keys == command.keys, "key positions of \(name)")
            let hasSubcommands = !command.subcommands.isEmpty
            #expect(ours.flags.contains(.container) == hasSubcommands, "subcommands of \(name)")
            if command.flags.contains("write") {
                let isChange = ours.effect == .mutate || ours.effect == .overwrite
                #expect(isChange, "\(name) writes")
            }
            if command.flags.contains("blocking") {
                let waits = ours.handling == .blocking || ours.handling == .wait
                #expect(waits, "\(name) may block")
            }
            if command.flags.contains("movablekeys") {
                let isRange = ours.keys.rule == .none || ours.keys.rule == .range
                #expect(!isRange || name == "SORT_RO", "\(name) has keys that move")
            }
        }
    }

    /// A server on a unix socket in a folder of its own, gone when `body` returns.
    private func redisServer<Result: Sendable>(
        _ body: @Sendable (_ socket: String) async throws -> Result
    ) async throws -> Result {
        // Socket paths are limited to 107 bytes, so not in the test's own folder.
        let folder = FileManager.default.temporaryDirectory.appending(path: "bw-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let socket = folder.appending(path: "redis.sock").path()
        let hasServer = await Executable.isInstalled("redis-server")
        let hasClient = await Executable.isInstalled("redis-cli")
        try #require(hasServer && hasClient, "Redis is missing: sudo apt-get install -y redis-server redis-tools")
        let outcome = try await run(
            .name("redis-server"),
            arguments: [
                "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder.path(),
            ],
            input: .none, output: .discarded, error: .discarded
        ) { execution in
            defer { try? execution.send(signal: .terminate) }
            while !FileManager.default.fileExists(atPath: socket) {
                try await Task.sleep(for: .milliseconds(10))
            }
            return try await body(socket)
        }
        return outcome.closureResult
    }

    private func redisCLI(_ socket: String, _ arguments: String...) async throws -> String {
        try await run(
            .name("redis-cli"), arguments: Arguments(["-s", socket] + arguments), output: .string(limit: 8 << 20)
        ).standardOutput
    }
}

extension Executable {
    /// Whether a program of this name is on the search path.
    fileprivate static func isInstalled(_ name: String) async -> Bool {
        (try? await Executable.name(name).resolveExecutablePath(in: .inherit)) != nil
    }
}

/// One entry of COMMAND's answer: name, arity, flags, first key, last key, step, ACL categories, tips, key
/// specifications, subcommands.
private struct ReportedCommand: Decodable {
    let name: String
    let arity: Int
    let flags: [String]
    let keys: [Int]
    let subcommands: [ReportedCommand]

    init(from decoder: any Decoder) throws {
        var fields = try decoder.unkeyedContainer()
        name = try fields.decode(String.self)
        arity = try fields.decode(Int.self)
        flags = try fields.decode([String].self)
        keys = try (0..<3).map { _ in try fields.decode(Int.self) }
        for _ in 0..<3 { _ = try fields.superDecoder() }
        subcommands = try fields.decode([ReportedCommand].self)
    }
}
