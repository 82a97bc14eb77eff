import Foundation
import LoopbackServers
import RedisProxy
import Testing

/// Holds the sidecar's command table against what a real server says of itself.
@Suite struct CommandTableServerTests {
    @Test(arguments: ServerFlavour.all)
    func theTableHasEveryCommandOfTheServer(flavour: ServerFlavour) async throws {
        let commands = try await onThread { try Self.commands(of: flavour) }
        // Redis 7.0 has 240; less would mean that something else was asked.
        #expect(commands.count >= 240)

        let known = Dictionary(uniqueKeysWithValues: CommandCatalogue.all.map { ($0.name, $0) })
        for command in commands.flatMap({ [$0] + $0.subcommands }) {
            let name = command.name.uppercased().replacing("|", with: " ")
            guard let ours = known[name] else {
                Issue.record("the table does not have \(name)")
                continue
            }
            #expect(
                ours.accepts(everythingOf: command.arity), "arity of \(name): \(ours.arity), not \(command.arity)")
            let keys = [ours.keys.first, ours.keys.last, ours.keys.step].map(Int.init)
            // CLUSTERSCAN has a cursor where others have a key.
            #expect(keys == command.keys || name == "CLUSTERSCAN", "key positions of \(name)")
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

    /// What a server of this flavour answers to COMMAND.
    private static func commands(of flavour: ServerFlavour) throws -> [ReportedCommand] {
        // Socket paths are limited to 107 bytes, so not in the test's own folder.
        let folder = FileManager.default.temporaryDirectory.appending(path: "bw-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let place = try LoopbackPlace(
            address: "\(LoopbackPlace.randomNetwork()).1", socketPath: folder.appending(path: "redis.sock").path)
        let server = try ServerProcess.redis(flavour, at: place, in: folder)
        defer { server.stop() }
        try server.waitUntilServing(place.connectOverUnix)
        let answer = try output(of: [flavour.path(of: .cli), "-s", place.socketPath, "--json", "command"])
        return try JSONDecoder().decode([ReportedCommand].self, from: Data(answer.utf8))
    }
}

extension CommandDescriptor {
    /// Whether it takes every number of arguments that a server with that arity takes: newer servers take more.
    fileprivate func accepts(everythingOf other: Int) -> Bool {
        arity < 0 ? abs(other) >= -Int(arity) : other == Int(arity)
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
