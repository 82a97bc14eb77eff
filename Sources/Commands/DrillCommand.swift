package import ArgumentParser
internal import Drills
internal import Foundation
package import ShopRows
internal import Topology

/// `breakwater drill`
package struct DrillCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "drill",
        abstract: "Inject a real fault into a store on this machine and measure what clients see.",
        discussion: """
            Starts real Redis nodes, Sentinels and sidecars, lets real clients work through the sidecars, injects the \
            fault into a real process, and classifies every write (acknowledged and present, lost, duplicated, \
            unknown) and every read (fresh or stale). Without -f it runs on a built-in store with down_after 1s and \
            a hold of 5s. docs/drills.md explains each scenario, when it passes, and how to read a report.

            A drill that could not inject its fault fails. Exit code 0: every scenario passed; 1: one did not.

            Examples:

              breakwater drill --list
              breakwater drill redis-crash
              breakwater drill redis-crash redis-hang --repeat 20 --report reports
              breakwater drill redis-crash --client phpredis:4 --client predis:4 --json | jq .writes
            """
    )

    @Argument(
        help: ArgumentHelp("The scenarios to run, in this order.", valueName: "scenario"),
        completion: .list(
            Scenario.all.map(\.name) + [Scenario.chaosName, Soak.name] + RecoveryScenario.allCases.map(\.name)))
    package var scenarios: [String] = []

    @Flag(help: "Name the scenarios and end.")
    package var list = false

    @Option(name: .long, help: "How often to run each scenario.")
    package var `repeat` = 1

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Which clients to run, and how many: phpredis, predis or native. May be repeated; phpredis:8 if left out.",
            valueName: "kind[:count]"))
    package var client: [String] = []

    @Option(name: .long, help: ArgumentHelp("Also write each report there, as text and JSON.", valueName: "directory"))
    package var report: String?

    @Option(
        name: [.customShort("f"), .long],
        help: ArgumentHelp("A topology to run on instead of the built-in one; it must be local.", valueName: "file"))
    package var file: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "off, sentinel or assisted, instead of what the topology says. The built-in store is then held for 800ms "
                + "with assisted, as a sidecar's default is.",
            valueName: "level"))
    package var failover: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Keep the store's files and logs there. Left out, they are removed unless a drill fails.",
            valueName: "directory"))
    package var state: String?

    @OptionGroup package var programs: ProgramOptions
    @Option(
        name: .long,
        help: ArgumentHelp(
            "For redis-chaos and everything: what the faults are drawn from; the same seed gives the same faults. Drawn if left out.",
            valueName: "number"))
    package var seed: UInt64?

    @Option(
        name: .long,
        help: ArgumentHelp("For redis-chaos (3m if left out) and soak (1h).", valueName: "time"))
    package var duration: String?

    @Option(
        help: ArgumentHelp(
            "For the drills of the database: its generated rows, tiny (1,000 orders) or small (100,000 orders, 400 MB of SQL).",
            valueName: "size"))
    package var size = ShopSize.tiny

    @Option(
        help: ArgumentHelp("For the drills of the database: how many orders come in a second.", valueName: "number"))
    package var rate = 40

    @Option(help: ArgumentHelp("For the drills of the whole shop: how many people are in it.", valueName: "number"))
    package var shoppers = 6

    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        if list { return try showList(console) }
        if scenarios.contains(Soak.name) { return try await soak(console) }
        if scenarios.contains(where: { RecoveryScenario.named($0) != nil }) { return try await recovery(console) }
        if scenarios.contains(where: { ShopScenario.named($0) != nil }) { return try await shop(console) }
        var suite = DrillSuite(try chosen(), stateDirectory: "")
        try checkRepeat()
        if suite.needsNetwork, !OwnNetwork.isEntered { try OwnNetwork.enter() }
        suite.repeats = self.repeat
        if !client.isEmpty { suite.mix = try client.map(Self.mix) }
        if let file {
            var options = TopologyOptions()
            options.file = file
            suite.topology = try options.load(console)
            suite.isOwnTopology = true
        }
        suite.redisPrograms = programs.redisPrograms
        suite.failover = try failover.map(Self.level)
        suite.progress = { console.note($0) }
        let (reports, kept) = try await DrillFiles.withStateDirectory(state) { [suite] directory in
            var suite = suite
            suite.stateDirectory = directory
            let reports = try await suite.run()
            return (reports, reports.allSatisfy(\.passed))
        }
        return try present(reports, kept: kept, console)
    }

    func present(_ reports: [DrillReport], kept: String?, _ console: Console) throws -> ExitStatus {
        if let kept { console.note("the store's files and logs are in \(kept)") }
        if let report { try DrillFiles.write(reports, to: report, console) }
        for report in reports { console.print(report.text) }
        if reports.count == 1 {
            try console.document(reports[0])
        } else {
            try console.document(Result(passed: reports.allSatisfy(\.passed), drills: reports))
        }
        return reports.allSatisfy(\.passed) ? .done : .failed
    }

    func checkRepeat() throws {
        guard (1...1000).contains(self.repeat) else {
            throw UserFacingError(
                code: "drill.repeat", summary: "--repeat takes a number from 1 to 1000", status: .invalid)
        }
    }

    /// A soak has a store, clients and a report of its own.
    private func soak(_ console: Console) async throws -> ExitStatus {
        guard scenarios.count == 1, self.repeat == 1, file == nil else {
            throw UserFacingError(
                code: "drill.soak_alone", summary: "soak runs alone, once, on its built-in store",
                hint: "`breakwater drill soak --duration 1h`", status: .invalid)
        }
        let duration = try time(or: .seconds(3600))
        let (result, kept) = try await DrillFiles.withStateDirectory(state) { directory in
            var soak = Soak(duration: duration, stateDirectory: directory)
            soak.redisPrograms = programs.redisPrograms
            soak.progress = { console.note($0) }
            let result = try await soak.run()
            return (result, result.passed)
        }
        if let kept { console.note("the store's files and logs are in \(kept)") }
        if let report {
            try DrillFiles.write(result.text, to: report, "\(Soak.name).txt")
            try DrillFiles.write(try DrillFiles.json(result), to: report, "\(Soak.name).json")
        }
        console.print(result.text)
        try console.document(result)
        return result.passed ? .done : .failed
    }

    private struct Result: Encodable {
        var passed: Bool
        var drills: [DrillReport]
    }

    private func showList(_ console: Console) throws -> ExitStatus {
        let width = Self.catalogue.map(\.name.count).max() ?? 0
        var group = ""
        for entry in Self.catalogue {
            if entry.group != group { console.print("\(group.isEmpty ? "" : "\n")\(entry.group):") }
            group = entry.group
            let padding = String(repeating: " ", count: width - entry.name.count)
            console.print("  \(entry.name)\(padding)  \(entry.summary)")
        }
        try console.document(Self.catalogue)
        return .done
    }

    private struct Entry: Encodable {
        var name: String
        var summary: String
        var group: String
    }

    /// What can be named, in the order of `--list`.
    private static var catalogue: [Entry] {
        let redis = "Redis"
        return Scenario.all.map { Entry(name: $0.name, summary: $0.summary, group: redis) }
            + [
                Entry(name: Scenario.chaosName, summary: Scenario.chaosSummary, group: redis),
                Entry(name: Soak.name, summary: Soak.summary, group: redis),
            ]
            + RecoveryScenario.allCases.map { Entry(name: $0.name, summary: $0.summary, group: "database and backups") }
            + ShopScenario.allCases.map { Entry(name: $0.name, summary: $0.summary, group: "the whole shop") }
    }

    private func chosen() throws -> [Scenario] {
        guard !scenarios.isEmpty else {
            throw UserFacingError(
                code: "drill.no_scenario", summary: "name a scenario to run",
                hint: "`breakwater drill --list` shows them", status: .invalid)
        }
        return try scenarios.map { name in
            if name == Scenario.chaosName { return try chaos() }
            guard let scenario = Scenario.named(name) else {
                throw UserFacingError(
                    code: "drill.unknown_scenario", summary: "there is no scenario \(name)",
                    hint: "there are \(Self.catalogue.map(\.name).joined(separator: ", "))", status: .invalid)
            }
            return scenario
        }
    }

    private static func level(_ text: String) throws -> RedisTopology.Failover {
        guard let level = RedisTopology.Failover(rawValue: text) else {
            throw UserFacingError(
                code: "drill.failover", summary: "\(text) is no way to fail over",
                hint: "there are \(RedisTopology.Failover.allCases.map(\.rawValue).joined(separator: ", "))",
                status: .invalid)
        }
        return level
    }

    /// The schedule that the seed gives. Links are cut where this process may do that.
    private func chaos() throws -> Scenario {
        Scenario.chaos(
            seed: seed ?? UInt64.random(in: 1...999_999), duration: try time(or: .seconds(180)),
            network: OwnNetwork.isPossible)
    }

    private func time(or usual: Duration) throws -> Duration {
        guard let text = duration else { return usual }
        guard let time = Duration(topologyText: text), time >= .seconds(1), time <= .seconds(86_400) else {
            throw UserFacingError(
                code: "drill.duration", summary: "\(text) is no time from 1s to 24h", hint: "such as 90s, 30m or 1h",
                status: .invalid)
        }
        return time
    }

    /// Reads `KIND` or `KIND:COUNT`.
    private static func mix(_ text: String) throws -> DrillSuite.Mix {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let kind = ClientKind(rawValue: String(parts[0])),
            let count = parts.count == 1 ? 8 : Int(parts[1]), (1...256).contains(count)
        else {
            throw UserFacingError(
                code: "drill.client", summary: "\(text) names no clients",
                hint: "phpredis, predis or native, and a count from 1 to 256: --client predis:4", status: .invalid)
        }
        return DrillSuite.Mix(kind, count)
    }
}
