import ArgumentParser
import Foundation
import LoopbackServers

extension ShopData.Size: ExpressibleByArgument {}
extension BackupTool: ExpressibleByArgument {}
extension BackupJob: ExpressibleByArgument {}

struct BackupBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Measures dump and restore of a generated store beside a tutorial's script and mydumper.",
        discussion: """
            The tools alternate within each round and begin in turn, on one server with its binary log on and one \
            object store, both on loopback addresses. The generated store is kept in the cache folder.
            """)

    @Option(help: "The store's size: small has about 400 MB of SQL text, large ten times as much.")
    var size = ShopData.Size.small

    @Option(help: "The database server: mysql or mariadb.")
    var server = "mysql"

    @Option(help: "How many times each job is done by each tool.")
    var rounds = 3

    @Option(help: "Connections of those who can use several.")
    var threads = 2

    @Option(
        parsing: .upToNextOption, help: "The jobs: dump, restore, restore-unlogged, verify; all of them when left out.")
    var jobs: [BackupJob] = BackupJob.allCases

    @Option(
        parsing: .upToNextOption, help: "The tools: script, mydumper, mydumper-plain, breakwater; all when left out.")
    var tools: [BackupTool] = BackupTool.allCases

    @Flag(help: "Generate the store and end.")
    var prepare = false

    @Flag(help: "Use the generated store itself and no copy, which is good for dumps alone.")
    var inPlace = false

    @Option(help: "The program to measure; the one beside this program when left out.")
    var breakwater: String?

    @Option(help: "The results go to this JSON file.")
    var output: String?

    @Flag(help: "Add the rounds to those that are in the file.")
    var append = false

    func validate() throws {
        guard LoopbackDatabase.Flavour(rawValue: server) != nil else {
            throw ValidationError("--server takes mysql or mariadb, not \(server)")
        }
        guard rounds > 0, threads > 0 else { throw ValidationError("--rounds and --threads must be above zero") }
        guard jobs.first == .dump else { throw ValidationError("--jobs begins with dump: it makes what is restored") }
        guard !inPlace || jobs == [.dump] else { throw ValidationError("--in-place needs --jobs dump") }
    }

    func run() async throws {
        #if DEBUG
        note("this is a debug build: its figures say nothing; use make bench-backup")
        #endif
        let data = ShopData(flavour: LoopbackDatabase.Flavour(rawValue: server) ?? .mysql, size: size, note: note)
        if prepare { return print(try await data.prepared().path) }
        let arena = try await BackupArena(
            data, inPlace: inPlace,
            breakwater: breakwater.map { URL(filePath: $0) } ?? ServerProcess.builtProgram("breakwater"))
        let machine = Results.Machine.current()
        var results = BackupResults(
            date: Date.now.formatted(.iso8601), cpu: machine.cpu, cores: machine.cores, kernel: machine.kernel,
            server: try await arena.serverVersion, size: size, rows: try await arena.rows, threads: threads)
        for round in 0..<rounds {
            for job in jobs {
                for position in tools.indices {
                    let tool = tools[(position + round) % tools.count]
                    guard let run = try await measure(job, by: tool, round, in: arena) else { continue }
                    note(
                        "round \(round + 1): \(job.rawValue) by \(tool.rawValue): "
                            + String(format: "%.2f s, peak %.0f MiB", run.seconds, run.peakMiB))
                    results.runs.append(run)
                }
            }
        }
        let file = output.map { URL(filePath: $0) }
        if append, let file {
            try results.append(to: JSONDecoder().decode(BackupResults.self, from: Data(contentsOf: file)))
        }
        for line in BackupTable(results: results).markdown { print(line) }
        if let file { try write(results, to: file) }
    }

    private func measure(
        _ job: BackupJob, by tool: BackupTool, _ round: Int, in arena: BackupArena
    ) async throws -> BackupResults.Run? {
        guard job != .verify || tool == .breakwater else { return nil }
        let target = "restored"
        let name = "round-\(round)"
        let isRestore = job == .restore || job == .restoreUnlogged
        if isRestore { try await arena.reset(target) }
        let before = (arena.server.process.cpuSeconds, arena.store.cpuSeconds)
        let done: (usage: Usage, temporary: Int)? =
            switch job {
            case .dump: try arena.dump(by: tool, as: name, threads: threads)
            case .restore, .restoreUnlogged:
                try arena.restore(by: tool, from: name, into: target, threads: threads, logged: job == .restore)
            case .verify: (try arena.verify(from: name, threads: threads), 0)
            }
        guard let (usage, temporary) = done else { return nil }
        let after = (arena.server.process.cpuSeconds, arena.store.cpuSeconds)
        if isRestore {
            guard try await arena.hasAllRows(target) else {
                throw LoopbackError("\(tool.rawValue) has not restored all rows")
            }
            try await arena.reset(target, create: false)
        }
        return BackupResults.Run(
            job: job, tool: tool, round: round, seconds: usage.seconds, toolCPU: usage.cpu,
            serverCPU: after.0 - before.0, storeCPU: after.1 - before.1,
            peakMiB: usage.peak, temporaryMB: Double(temporary) / 1e6)
    }

    private func write(_ results: BackupResults, to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try encoder.encode(results).write(to: file)
        note("written to \(file.path)")
    }
}

@Sendable private func note(_ text: String) {
    FileHandle.standardError.write(Data("\(text)\n".utf8))
}
