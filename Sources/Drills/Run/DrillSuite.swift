internal import Foundation
internal import Glibc
package import LocalStack
internal import Logging
package import RedisClient
package import Topology

/// Scenarios on one local stack, each run as often as asked.
package struct DrillSuite: Sendable {
    /// How many clients of which kind.
    package struct Mix: Sendable, Hashable {
        package var kind: ClientKind
        package var count: Int

        package init(_ kind: ClientKind, _ count: Int) {
            self.kind = kind
            self.count = count
        }
    }

    package var scenarios: [Scenario]
    package var repeats = 1
    package var mix: [Mix] = [Mix(.phpredis, 8)]
    package var topology = DrillTopology.standard
    /// How long the clients wait for a connection or a reply; nil for a second more than the sidecars hold commands.
    package var timeout: Duration?
    /// The stack's files and logs.
    package var stateDirectory: String
    package var proxyExecutable: String?
    /// As in ``StackOptions/redisPrograms``.
    package var redisPrograms: String?
    package var progress: @Sendable (String) -> Void = { _ in }

    package init(_ scenarios: [Scenario], stateDirectory: String) {
        self.scenarios = scenarios
        self.stateDirectory = stateDirectory
    }

    /// Starts the stack, runs everything, stops the stack.
    /// - Returns: One report for each scenario, in order; repeats are combined.
    /// - Throws: `StackError` when the stack cannot be started; `CancellationError`.
    package func run() async throws -> [DrillReport] {
        var options = StackOptions(stateDirectory: stateDirectory)
        options.proxyExecutable = proxyExecutable
        options.redisPrograms = redisPrograms
        // The data is of no further use.
        options.stopsWithin = .zero
        options.logger.logLevel = .error
        progress("starting Redis, Sentinels and sidecars")
        return try await LocalStack.run(DrillTopology.prepared(topology), options: options) { stack in
            var reports: [DrillReport] = []
            for scenario in scenarios {
                reports.append(try await run(scenario, on: stack))
            }
            return reports
        }
    }

    private func run(_ scenario: Scenario, on stack: LocalStack) async throws -> DrillReport {
        var runs: [DrillReport] = []
        for number in 1...max(1, repeats) {
            let name = repeats > 1 ? "\(scenario.name) \(number)/\(repeats)" : scenario.name
            progress("\(name): \(scenario.summary)")
            let drill = Drill(
                scenario: scenario, stage: LocalStackStage(stack), groups: try groups(on: stack),
                scratch: stateDirectory, progress: { progress("\(name): \($0)") })
            let report = try await drill.run(id: "\(scenario.name)-\(number)")
            progress("\(name): \(report.line)")
            runs.append(report)
        }
        guard let report = DrillReport(repeating: runs) else {
            preconditionFailure("a scenario runs at least once")
        }
        return report
    }

    private func groups(on stack: LocalStack) throws -> [ClientGroup] {
        let routes = stack.sidecarRoutes
        guard !routes.isEmpty else {
            throw DrillError(
                "drill.no_sidecar", "the topology has no sidecar for the clients to use",
                hint: "add a `sidecar` section or web nodes")
        }
        let timeout = timeout ?? (stack.topology.sidecar?.hold ?? .zero) + .seconds(1)
        return mix.map { part in
            ClientGroup(
                label: "\(part.kind.rawValue), sidecar", kind: part.kind, count: part.count, routes: routes,
                credentials: stack.clientCredentials, timeout: timeout)
        }
    }
}

extension LocalStack {
    /// What the sidecars ask their clients for; nil for nothing.
    package var clientCredentials: RedisCredentials? {
        guard topology.sidecar?.password != nil,
            let text = try? String(contentsOfFile: "\(state.path)/secrets/client.password", encoding: .utf8)
        else { return nil }
        return RedisCredentials(password: RedisClient.Secret(text.trimmingCharacters(in: .newlines)))
    }
}

/// A directory of a drill's own under the system's temporary directory.
package enum ScratchDirectory {
    /// Makes it, readable by its owner alone. Short, for the sockets in it have to fit 107 bytes.
    package static func make() throws -> String {
        let parent = FileManager.default.temporaryDirectory.path
        var template = Array("\(parent)/breakwater-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw DrillError("drill.scratch", "no directory could be made in \(parent)")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    package static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }
}
