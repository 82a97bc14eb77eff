package import ArgumentParser
internal import Drills
internal import Foundation
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
        completion: .list(Scenario.all.map(\.name)))
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
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        if list { return try showList(console) }
        var suite = DrillSuite(try chosen(), stateDirectory: "")
        guard (1...1000).contains(self.repeat) else {
            throw UserFacingError(
                code: "drill.repeat", summary: "--repeat takes a number from 1 to 1000", status: .invalid)
        }
        suite.repeats = self.repeat
        if !client.isEmpty { suite.mix = try client.map(Self.mix) }
        if let file {
            var options = TopologyOptions()
            options.file = file
            suite.topology = try options.load(console)
        }
        if let failover { try choose(failover, for: &suite) }
        suite.redisPrograms = programs.redisPrograms
        suite.progress = { console.note($0) }
        let (reports, kept) = try await DrillFiles.withStateDirectory(state) { [suite] directory in
            var suite = suite
            suite.stateDirectory = directory
            let reports = try await suite.run()
            return (reports, reports.allSatisfy(\.passed))
        }
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

    private struct Result: Encodable {
        var passed: Bool
        var drills: [DrillReport]
    }

    private func showList(_ console: Console) throws -> ExitStatus {
        struct Entry: Encodable {
            var name: String
            var summary: String
        }
        let width = Scenario.all.map(\.name.count).max() ?? 0
        for scenario in Scenario.all {
            let padding = String(repeating: " ", count: width - scenario.name.count)
            console.print("\(scenario.name)\(padding)  \(scenario.summary)")
        }
        try console.document(Scenario.all.map { Entry(name: $0.name, summary: $0.summary) })
        return .done
    }

    private func chosen() throws -> [Scenario] {
        guard !scenarios.isEmpty else {
            throw UserFacingError(
                code: "drill.no_scenario", summary: "name a scenario to run",
                hint: "`breakwater drill --list` shows them", status: .invalid)
        }
        return try scenarios.map { name in
            guard let scenario = Scenario.named(name) else {
                throw UserFacingError(
                    code: "drill.unknown_scenario", summary: "there is no scenario \(name)",
                    hint: "there are \(Scenario.all.map(\.name).joined(separator: ", "))", status: .invalid)
            }
            return scenario
        }
    }

    private func choose(_ failover: String, for suite: inout DrillSuite) throws {
        guard let level = RedisTopology.Failover(rawValue: failover) else {
            throw UserFacingError(
                code: "drill.failover", summary: "\(failover) is no way to fail over",
                hint: "there are \(RedisTopology.Failover.allCases.map(\.rawValue).joined(separator: ", "))",
                status: .invalid)
        }
        suite.topology.redis?.failover = level
        if level == .assisted, file == nil { suite.topology.sidecar?.hold = .milliseconds(800) }
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
