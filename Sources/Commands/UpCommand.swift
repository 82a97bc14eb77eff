package import ArgumentParser
internal import Foundation
internal import LocalStack
internal import Logging
internal import Topology

/// `breakwater up`
package struct UpCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "up",
        abstract: "Run the whole store on this machine, with real processes.",
        discussion: """
            Starts the Redis nodes, the Sentinels and one sidecar for each web node, each host on a loopback address \
            of its own, and waits until all of them are ready. With a `mysql` section that names a `primary` also the \
            database and its replicas, nginx, PHP-FPM and an agent on each web node with WordPress and a small demo \
            store, and HAProxy before them. Ctrl-C stops everything. If this program is killed, \
            every process it started is killed with it.

            Examples:

              breakwater up
              breakwater up -f shop.yaml --detach && breakwater status
            """
    )

    @OptionGroup package var topology: TopologyOptions
    @OptionGroup package var state: StateOptions
    @OptionGroup package var programs: ProgramOptions
    @Flag(help: "Return when the store is ready and leave it running; `breakwater down` stops it.")
    package var detach = false
    @Option(help: ArgumentHelp("The sidecar's program.", valueName: "path", visibility: .hidden))
    package var proxy: String?
    @Flag(help: ArgumentHelp("Start no sidecars.", visibility: .hidden))
    package var withoutSidecars = false
    @Flag(help: "Leave out the web nodes and the balancer, which a store with a database of its own has.")
    package var withoutWeb = false
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        let store = try topology.load(console)
        guard store.redis != nil else { throw UserFacingError.noRedis }
        let directory = state.directory(topology: topology.file)
        let file = URL(filePath: topology.file).absoluteURL.standardizedFileURL.path(percentEncoded: false)
        do {
            return detach
                ? try await detached(file, directory, console) : try await foreground(store, file, directory, console)
        } catch let error as StackError {
            throw UserFacingError(error)
        }
    }

    private func foreground(
        _ store: StoreTopology, _ file: String, _ directory: StateDirectory, _ console: Console
    ) async throws -> ExitStatus {
        var options = StackOptions(stateDirectory: directory.path)
        options.topologyFile = file
        options.proxyExecutable = proxy
        options.redisPrograms = programs.redisPrograms
        options.sidecars = withoutSidecars ? .none : .all
        options.restartsProcesses = true
        options.web = store.hasLocalDatabase && !withoutWeb && !withoutSidecars
        if options.web { options.readyWithin = .seconds(60) }
        options.logger = Logger(label: "breakwater") { ConsoleLog(console: console, label: $0) }
        console.note("starting \(store.store) in \(directory.path) …")
        let interruption = await Interruption()
        return try await withThrowingTaskGroup(of: ExitStatus.self) { group in
            group.addTask { [options] in
                try await LocalStack.run(store, options: options) { stack in
                    try Self.show(try StackManifest.of(stack.state), console, detached: false)
                    // Until the task is cancelled.
                    while true { try await Task.sleep(for: .seconds(86_400)) }
                }
            }
            group.addTask {
                await interruption.received()
                // The end of a store that ran is what the signal is for; one that was not ready yet is interrupted.
                return StackManifest.read(directory)?.ready == true ? .done : .interrupted
            }
            guard let status = try await group.next() else { return .failed }
            console.note("stopping …")
            group.cancelAll()
            do {
                while try await group.next() != nil {}
            } catch is CancellationError {}
            return status
        }
    }

    private func detached(
        _ file: String, _ directory: StateDirectory, _ console: Console
    ) async throws -> ExitStatus {
        if StateLock.holder(directory) != nil {
            throw StackError(
                "running_already", "a stack is already running in \(directory.path)",
                hint: "`breakwater status` shows it, `breakwater down` stops it, --state names another directory")
        }
        var arguments = ["up", "--file", file, "--state", directory.path]
        if let proxy { arguments += ["--proxy", proxy] }
        if let folder = programs.redisPrograms { arguments += ["--redis-programs", folder] }
        if withoutSidecars { arguments.append("--without-sidecars") }
        if withoutWeb { arguments.append("--without-web") }
        let pid = try DetachedSupervisor.start(arguments, state: directory)
        let manifest = try await Interruption.cancelling {
            try await DetachedSupervisor.ready(pid, state: directory)
        }
        try Self.show(manifest, console, detached: true)
        return .done
    }

    private static func show(_ manifest: StackManifest, _ console: Console, detached: Bool) throws {
        try console.document(manifest)
        console.print("\(manifest.store) is running")
        console.print()
        let width = manifest.members.map(\.name.count).max() ?? 0
        for member in manifest.members {
            let name = member.name.padding(toLength: width, withPad: " ", startingAt: 0)
            let more = [member.socket.map { "unix:\($0)" }, member.admin.map { "http://\($0)/metrics" }]
                .compactMap { $0 }.joined(separator: "  ")
            console.print("  \(name)  \(member.address)\(more.isEmpty ? "" : "  \(more)")")
        }
        if let shop = manifest.shop {
            console.print("\nThe shop: \(shop.url)/")
        }
        if let sidecar = manifest.members.first(where: { $0.kind == .sidecar }), let socket = sidecar.socket {
            console.print(
                """

                From PHP, through a sidecar:
                  $redis = new Redis(); $redis->connect('\(socket)');  // phpredis
                  $redis = new Predis\\Client('unix:\(socket)');  // Predis
                From a shell:
                  redis-cli -s \(socket) SET greeting hello
                """)
        }
        console.print()
        console.print(
            detached
                ? "`breakwater status` shows it, `breakwater down` stops it."
                : "Kill what you like: `breakwater status --watch` in another terminal shows process ids and roles.\n"
                    + "Ctrl-C stops everything.")
    }
}

extension StackManifest {
    fileprivate static func of(_ state: StateDirectory) throws -> StackManifest {
        guard let manifest = read(state) else {
            throw StackError("state_unusable", "\(state.manifestFile) cannot be read")
        }
        return manifest
    }
}
