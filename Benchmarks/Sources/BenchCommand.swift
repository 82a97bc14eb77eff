import ArgumentParser
import Foundation
import LoopbackServers

@main
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "breakwater-bench", abstract: "Measures Breakwater beside what people use without it.",
        subcommands: [SidecarBenchCommand.self, BackupBenchCommand.self, HealthBenchCommand.self],
        defaultSubcommand: SidecarBenchCommand.self)
}

struct SidecarBenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sidecar",
        abstract: "Measures the sidecar beside HAProxy and Redis itself, in one run on one machine.",
        discussion: """
            Rounds alternate between the contestants, so that what else the machine does hits all of them. The table \
            shows medians with the lowest and highest round, and ratios taken round by round.
            """)

    @Option(help: "How many times each load is run against each contestant.")
    var rounds = 5

    @Option(help: "Multiplies the number of requests; 1 for figures worth keeping.")
    var scale = 1.0

    @Option(help: ArgumentHelp("Run only the loads whose name contains one of these.", valueName: "text,…"))
    var only: String?

    @Option(help: "Leave out a contestant: haproxy or breakwater.")
    var without: [String] = []

    @Option(help: "The sidecar to measure; the one beside this program when left out.")
    var proxy: String?

    @Option(help: "Also open and close connections to the sidecar for so many minutes and watch its memory.")
    var soakMinutes = 0.0

    @Option(help: "The results go to this JSON file.")
    var output: String?

    @Flag(help: "Print the table as Markdown.")
    var markdown = false

    @Flag(help: "Name the loads and end.")
    var list = false

    func validate() throws {
        guard rounds > 0, scale > 0, soakMinutes >= 0 else {
            throw ValidationError("--rounds and --scale must be above zero, --soak-minutes not below it")
        }
        let known = Set(Contestant.allCases.map(\.rawValue)).subtracting(["direct"])
        for name in without where !known.contains(name) {
            throw ValidationError("--without takes \(known.sorted().joined(separator: " or ")), not \(name)")
        }
    }

    func run() throws {
        let wanted = only.map { $0.split(separator: ",") }
        let loads = standardLoads(scale: scale).filter { load in wanted?.contains { load.name.contains($0) } ?? true }
        if list { return loads.forEach { print($0.name) } }

        #if DEBUG
        note("this is a debug build: its figures say nothing; use make bench")
        #endif
        try raiseDescriptorLimit()
        let contestants = Contestant.allCases.filter { !without.contains($0.rawValue) }
        let arena = try Arena(contestants: contestants, proxy: proxyURL)
        var results = Results(
            date: Date.now.formatted(.iso8601), rounds: rounds, scale: scale, machine: .current())
        for load in loads { results.figures += try measure(load, in: arena) }
        if soakMinutes > 0, let sidecar = arena.endpoints.first(where: { $0.contestant == .breakwater }) {
            results.soak = try Soak(sidecar, in: arena, minutes: soakMinutes, note: note)
        }
        let table = ResultsTable(results: results)
        for line in markdown ? table.markdown : table.lines { print(line) }
        if let soak = results.soak, let growth = soak.growth {
            print(
                "soak: \(soak.connections) connections, memory ×\(String(format: "%.3f", growth)) after the first tenth"
            )
        }
        if let output { try write(results, to: URL(filePath: output)) }
    }

    private func measure(_ load: any Load, in arena: Arena) throws -> [Results.Figure] {
        try load.prepare(arena.redis())
        var values: [[Contestant: [Double]]] = load.metrics.map { _ in [:] }
        for round in 0..<rounds {
            // Each contestant is first, second and last equally often.
            for position in arena.endpoints.indices {
                let endpoint = arena.endpoints[(position + round) % arena.endpoints.count]
                note("\(load.name): round \(round + 1) of \(rounds), \(endpoint.contestant)")
                for (index, value) in try load.run(endpoint, in: arena).enumerated() {
                    values[index][endpoint.contestant, default: []].append(value)
                }
            }
        }
        return zip(load.metrics, values).map { Results.Figure(load: load, metric: $0, values: $1) }
    }

    private var proxyURL: URL {
        proxy.map { URL(filePath: $0) } ?? ServerProcess.builtProgram("breakwater-proxy")
    }

    /// A thousand idle clients need more descriptors than many shells allow at first.
    private func raiseDescriptorLimit() throws {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        guard limit.rlim_max >= 4096, setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            throw LoopbackError("4,096 open files are needed; ulimit -Hn says \(limit.rlim_max)")
        }
    }

    private func note(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }

    private func write(_ results: Results, to file: URL) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try encoder.encode(results).write(to: file)
        note("written to \(file.path)")
    }
}
