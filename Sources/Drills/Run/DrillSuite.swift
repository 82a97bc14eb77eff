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
    /// Which clients to run; nil for what each scenario needs.
    package var mix: [Mix]?
    /// The store of the scenarios that ask for nothing else, and of all of them if it is somebody's own.
    package var topology = DrillTopology.standard
    package var isOwnTopology = false
    /// How the stores fail over, instead of what their topologies say.
    package var failover: RedisTopology.Failover?
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

    /// Whether the suite must run in a network of its own (``OwnNetwork``).
    package var needsNetwork: Bool { scenarios.contains(where: \.requirements.network) }

    /// Starts a stack for each kind of store that the scenarios need, runs them in order, stops it.
    /// - Returns: One report for each scenario, in order; repeats are combined.
    /// - Throws: `StackError` when a stack cannot be started; `CancellationError`.
    package func run() async throws -> [DrillReport] {
        let settings = settings()
        let network = needsNetwork ? try await HostNetwork.build(hosts(of: settings.map(\.topology))) : nil
        var reports: [DrillReport] = []
        for (number, setting) in settings.enumerated() {
            let directory = number == 0 ? stateDirectory : "\(stateDirectory)/\(number + 1)"
            reports += try await run(setting, in: directory, network)
        }
        return reports
    }

    /// Scenarios that follow each other on one stack.
    private struct Setting {
        var topology: StoreTopology
        var network: Bool
        var smallDisks: Bool
        var scenarios: [Scenario]
    }

    private func settings() -> [Setting] {
        var settings: [Setting] = []
        for scenario in scenarios {
            let needs = scenario.requirements
            let topology = topology(for: needs)
            if let last = settings.last, last.topology == topology, last.network == needs.network,
                last.smallDisks == needs.smallDisks
            {
                settings[settings.count - 1].scenarios.append(scenario)
            } else {
                settings.append(
                    Setting(
                        topology: topology, network: needs.network, smallDisks: needs.smallDisks, scenarios: [scenario]
                    ))
            }
        }
        return settings
    }

    private func topology(for needs: Requirements) -> StoreTopology {
        let asksForMore = needs.network || needs.role != nil || needs.durable
        var topology = DrillTopology.prepared(
            isOwnTopology || !asksForMore ? topology : DrillTopology.separated(needs))
        guard let failover else { return topology }
        topology.redis?.failover = failover
        // What a sidecar holds unless told otherwise; the built-in hold is made for Sentinel's pace.
        if failover == .assisted, !isOwnTopology, !asksForMore { topology.sidecar?.hold = .milliseconds(800) }
        return topology
    }

    private func hosts(of topologies: [StoreTopology]) -> [String] {
        var seen: Set<String> = []
        return topologies.flatMap(\.hosts).map(\.name).filter { seen.insert($0).inserted }
    }

    private func run(
        _ setting: Setting, in directory: String, _ network: HostNetwork?
    ) async throws -> [DrillReport] {
        var options = StackOptions(stateDirectory: directory)
        options.proxyExecutable = proxyExecutable
        options.redisPrograms = redisPrograms
        // The data is of no further use.
        options.stopsWithin = .zero
        options.logger.logLevel = .error
        options.namespaces = setting.network ? network?.namespaces : nil
        progress("starting Redis, Sentinels and sidecars")
        let nodes = setting.topology.redis?.nodes ?? []
        let disks = try await SmallDisks.mount(setting.smallDisks ? nodes : [], state: directory)
        do {
            let reports = try await LocalStack.run(setting.topology, options: options) { stack in
                var reports: [DrillReport] = []
                let stage = LocalStackStage(stack, network: setting.network ? network : nil)
                for scenario in setting.scenarios {
                    reports.append(try await run(scenario, on: stack, stage, scratch: directory))
                }
                return reports
            }
            await disks.unmount()
            return reports
        } catch {
            await disks.unmount()
            throw error
        }
    }

    private func run(
        _ scenario: Scenario, on stack: LocalStack, _ stage: LocalStackStage, scratch: String
    ) async throws -> DrillReport {
        var runs: [DrillReport] = []
        for number in 1...max(1, repeats) {
            let name = repeats > 1 ? "\(scenario.name) \(number)/\(repeats)" : scenario.name
            progress("\(name): \(scenario.summary)")
            let drill = Drill(
                scenario: scenario, stage: stage, groups: try groups(for: scenario, on: stack),
                scratch: scratch, progress: { progress("\(name): \($0)") })
            let report = try await drill.run(id: "\(scenario.name)-\(number)")
            progress("\(name): \(report.line)")
            runs.append(report)
        }
        guard let report = DrillReport(repeating: runs) else {
            preconditionFailure("a scenario runs at least once")
        }
        return report
    }

    private func groups(for scenario: Scenario, on stack: LocalStack) throws -> [ClientGroup] {
        let routes = stack.sidecarRoutes
        guard !routes.isEmpty else {
            throw DrillError(
                "drill.no_sidecar", "the topology has no sidecar for the clients to use",
                hint: "add a `sidecar` section or web nodes")
        }
        let timeout = timeout ?? (stack.topology.sidecar?.hold ?? .zero) + .seconds(1)
        return (mix ?? Self.mix(for: scenario)).map { part in
            var group = ClientGroup(
                label: "\(part.kind.rawValue), sidecar", kind: part.kind, count: part.count, routes: routes,
                credentials: stack.clientCredentials, timeout: timeout)
            group.sidecars = stack.sidecarsOfRoutes
            return group
        }
    }

    /// Shoppers show what becomes of carts and of durable writes.
    private static func mix(for scenario: Scenario) -> [Mix] {
        let asksForMore = scenario.requirements.network || scenario.requirements.durable
        return asksForMore ? [Mix(.phpredis, 6), Mix(.shopper, 6)] : [Mix(.phpredis, 8)]
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
        sweep(parent)
        var template = Array("\(parent)/\(prefix)\(getpid())-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw DrillError("drill.scratch", "no directory could be made in \(parent)")
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static let prefix = "bw-drill-"

    /// Gives a directory that is to stay a name that says so, and returns it.
    package static func keep(_ path: String) -> String {
        let parent = FileManager.default.temporaryDirectory.path
        let kept = "\(parent)/breakwater-\(path.split(separator: "-").last ?? "drill")"
        return rename(path, kept) == 0 ? kept : path
    }

    /// Removes what drills of this user left behind that were killed: the names carry their process ids. A process id
    /// that is in use again keeps its directory a little longer.
    private static func sweep(_ parent: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? [] {
            guard name.hasPrefix(prefix), let pid = pid_t(name.dropFirst(prefix.count).prefix { $0 != "-" }), pid > 1,
                kill(pid, 0) != 0, errno == ESRCH
            else { continue }
            let path = "\(parent)/\(name)"
            // Of a link itself, not of what it leads to.
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            if attributes?[.type] as? FileAttributeType == .typeDirectory,
                (attributes?[.ownerAccountID] as? NSNumber)?.uint32Value == geteuid()
            {
                try? FileManager.default.removeItem(atPath: path)
            }
        }
    }

    package static func remove(_ path: String) {
        try? FileManager.default.removeItem(atPath: path)
    }
}
