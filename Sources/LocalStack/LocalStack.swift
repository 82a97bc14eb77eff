internal import Foundation
package import Glibc
internal import Logging
package import RedisClient
internal import Rendering
internal import Synchronization
package import Topology

/// A store's processes on this machine, running.
///
/// It exists only inside ``run(_:options:body:)``, which starts the processes and ends every one of them, however the
/// body ends. If this process is killed, the kernel sees to it that they die too (see ``ProcessSupervisor``).
package final class LocalStack: Sendable {
    /// With an address for every host.
    package let topology: StoreTopology
    package let state: StateDirectory
    private let plan: StackPlan
    private let supervisor: ProcessSupervisor
    private let options: StackOptions
    private let manifest: Mutex<StackManifest>
    private let exits: AsyncStream<ProcessExit>

    private init(
        plan: StackPlan, state: StateDirectory, options: StackOptions, supervisor: ProcessSupervisor,
        exits: AsyncStream<ProcessExit>, secured: Bool
    ) {
        topology = plan.topology
        self.state = state
        self.plan = plan
        self.supervisor = supervisor
        self.options = options
        self.exits = exits
        manifest = Mutex(
            StackManifest(
                store: plan.topology.store, service: plan.redis.service, topology: options.topologyFile,
                supervisor: getpid(), processGroup: supervisor.group, ready: false,
                appPasswordFile: secured ? state.secretFile("app.password") : nil,
                breakwaterPasswordFile: secured ? state.secretFile("breakwater.password") : nil,
                members: plan.members.map { member in
                    StackManifest.Member(
                        name: member.name, kind: member.kind, address: member.endpoint.description,
                        socket: member.socket, admin: member.admin?.description, log: member.log, pid: nil)
                }))
    }

    /// Starts everything, waits until it is ready, runs the body, and stops everything.
    ///
    /// - Throws: `StackError` when it cannot be started; otherwise what the body throws. Cancellation stops the stack.
    package static func run<Result: Sendable>(
        _ topology: StoreTopology, options: StackOptions,
        body: @Sendable (LocalStack) async throws -> Result
    ) async throws -> Result {
        let state = StateDirectory(options.stateDirectory)
        try state.create()
        let lock = try StateLock.take(state)
        let (plan, claim, secured) = try prepare(topology, state, options)
        let (exits, sink) = AsyncStream<ProcessExit>.makeStream(bufferingPolicy: .bufferingNewest(256))
        let supervisor = try ProcessSupervisor { sink.yield($0) }
        let reaper = Thread {
            supervisor.reap()
            sink.finish()
        }
        reaper.name = "reaper"
        reaper.start()
        let stack = LocalStack(
            plan: plan, state: state, options: options, supervisor: supervisor, exits: exits, secured: secured)
        defer { withExtendedLifetime((lock, claim)) {} }
        do {
            let result = try await stack.started(body)
            await stack.stop()
            return result
        } catch {
            await stack.stop()
            throw error
        }
    }

    private func started<Result: Sendable>(
        _ body: @Sendable (LocalStack) async throws -> Result
    ) async throws -> Result {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.watchExits() }
            defer { group.cancelAll() }
            try await self.startAll()
            try self.note { $0.ready = true }
            return try await body(self)
        }
    }

    // MARK: What is there

    package var service: String { plan.redis.service }

    /// Everything that belongs to the stack, with the process ids of what is running now.
    package var members: [StackManifest.Member] {
        let running = supervisor.running
        return manifest.withLock { $0 }.members.map { member in
            var member = member
            member.pid = running[member.name]
            return member
        }
    }

    package func members(_ kind: StackManifest.Kind) -> [StackManifest.Member] {
        members.filter { $0.kind == kind }
    }

    /// Where a member is reached over TCP; nil when there is none of that name.
    package func endpoint(of name: String) -> RedisEndpoint? {
        plan.members.first { $0.name == name }?.endpoint
    }

    package var sentinels: [RedisEndpoint] { plan.members(.sentinel).map(\.endpoint) }

    /// What the shop uses on the nodes (the default user); nil when they ask for nothing.
    package var appCredentials: RedisCredentials? {
        manifest.withLock { $0.appPasswordFile }.flatMap { StateDirectory.read($0) }.map {
            RedisCredentials(password: RedisClient.Secret($0.trimmingCharacters(in: .newlines)))
        }
    }

    /// What Breakwater itself uses on the nodes; nil when they ask for nothing.
    package var nodeCredentials: RedisCredentials? { manifest.withLock { $0 }.nodeCredentials }

    /// The process id, or nil when it is not running.
    package func pid(of name: String) -> pid_t? { supervisor.pid(of: name) }

    /// What each Redis node says of itself now, by name; those that do not answer are left out.
    package func readings() async -> [String: NodeReading] {
        let credentials = nodeCredentials
        return await withTaskGroup(of: (String, NodeReading?).self) { group in
            for node in plan.members(.redis) {
                group.addTask { (node.name, await NodeReading.of(node.endpoint, credentials: credentials)) }
            }
            var readings: [String: NodeReading] = [:]
            for await (name, reading) in group { readings[name] = reading }
            return readings
        }
    }

    /// The name of the node that a majority of the Sentinels names and that says itself to be a master.
    package func master() async -> String? {
        let named = await sentinelReadings().compactMap(\.value.master)
        let majority = plan.redis.sentinels.count / 2 + 1
        let agreed = plan.members(.redis).first { node in named.count { $0 == node.endpoint } >= majority }
        guard let agreed, await readings()[agreed.name]?.role == .master else { return nil }
        return agreed.name
    }

    func sentinelReadings() async -> [String: SentinelReading] {
        let service = plan.redis.service
        return await withTaskGroup(of: (String, SentinelReading?).self) { group in
            for sentinel in plan.members(.sentinel) {
                group.addTask { (sentinel.name, await SentinelReading.of(sentinel.endpoint, service: service)) }
            }
            var readings: [String: SentinelReading] = [:]
            for await (name, reading) in group { readings[name] = reading }
            return readings
        }
    }

    // MARK: What can be done to it

    /// Sends a signal; false when no process of that name is running. A process that is killed stays dead unless the
    /// options say otherwise.
    @discardableResult
    package func signal(_ name: String, _ signal: Int32) -> Bool { supervisor.signal(name, signal) }

    /// Returns when no process of that name is running.
    package func ended(_ name: String) async { await supervisor.ended(name) }

    /// Starts a member that is not running, with the files it had. Does not wait until it is ready.
    package func start(_ name: String) throws {
        guard let member = plan.members.first(where: { $0.name == name }) else {
            throw StackError("unknown_member", "the stack has no member \(name)")
        }
        // What a killed sidecar left behind; the next one would find the path taken.
        if let socket = member.socket { unlink(socket) }
        let pid = try supervisor.start(
            name, executable: member.executable, arguments: member.arguments, log: member.log)
        options.logger.info("\(name) started (process \(pid))")
        try note { _ in }
    }

    /// Returns when all that should run is running and ready.
    ///
    /// - Throws: `StackError` with what was missing when the time of the options has run out.
    package func ready() async throws {
        try await wait("Redis", for: .redis) { await self.redisTrouble() }
        try await wait("Sentinel", for: .sentinel) { await self.sentinelTrouble() }
        try await wait("the sidecars", for: .sidecar) { await self.sidecarTrouble() }
    }

    // MARK: Inside

    private static func prepare(
        _ topology: StoreTopology, _ state: StateDirectory, _ options: StackOptions
    ) throws -> (StackPlan, LoopbackClaim, Bool) {
        let programs = try Programs.find(
            proxy: options.sidecars == .none ? nil : .some(options.proxyExecutable))
        let secrets = try Secrets(topology, state)
        for network in LoopbackClaim.candidates(key: state.path, previous: state.previousNetwork) {
            guard let claim = LoopbackClaim.claim(network) else { continue }
            guard let assigned = topology.assigningLoopback(network: network) else { continue }
            let plan = try StackPlan(
                topology: assigned, state: state, options: options, programs: programs, secrets: secrets.redis,
                clientPasswordFile: secrets.clientPasswordFile)
            let addresses = plan.members.map(\.endpoint) + plan.members.compactMap(\.admin)
            let taken = addresses.filter { !LoopbackClaim.isFree(host: $0.host, port: $0.port) }
            guard taken.isEmpty else {
                // With addresses from the topology another network would change nothing.
                let given = Set(topology.hosts.compactMap(\.address))
                if let address = taken.first(where: { given.contains($0.host) }) {
                    throw StackError("address_taken", "\(address) is in use by another program")
                }
                continue
            }
            try state.remember(network)
            try write(plan.files, state)
            return (plan, claim, secrets.redis != nil)
        }
        throw StackError("no_network", "no free loopback network was found", hint: "are other stacks running?")
    }

    /// Writes the rendered files; what servers have learned since the last time is kept.
    private static func write(_ files: [RenderedFile], _ state: StateDirectory) throws(StackError) {
        for file in files {
            let path = "\(state.hosts)/\(file.path)"
            try StateDirectory.makeDirectory(
                URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false))
            let contents = file.merged(withRunning: StateDirectory.read(path))
            try StateDirectory.write(contents, to: path, mode: mode_t(file.mode))
        }
    }

    private func startAll() async throws {
        for member in plan.members(.redis) { try start(member.name) }
        // A Sentinel learns of the replicas with its first INFO, and then only every ten seconds.
        try await wait("Redis", for: .redis) { await self.redisTrouble() }
        for member in plan.members(.sentinel) { try start(member.name) }
        try await wait("Sentinel", for: .sentinel) { await self.sentinelTrouble() }
        for member in plan.members(.sidecar) { try start(member.name) }
        try await wait("the sidecars", for: .sidecar) { await self.sidecarTrouble() }
    }

    /// Asks until there is no trouble; fails at once when a process of the stack has ended.
    private func wait(
        _ what: String, for kind: StackManifest.Kind, _ trouble: @Sendable () async -> String?
    ) async throws {
        let deadline = ContinuousClock.now + options.readyWithin
        while let trouble = await trouble() {
            try Task.checkCancellation()
            let running = supervisor.running
            if let ended = plan.members(kind).first(where: { running[$0.name] == nil }) {
                throw StackError(
                    "ended", "\(ended.name) has ended instead of becoming ready", hint: "its log is \(ended.log)",
                    cause: Self.tail(of: ended.log))
            }
            if ContinuousClock.now >= deadline {
                throw StackError(
                    "not_ready", "\(what) did not become ready within \(options.readyWithin): \(trouble)",
                    hint: "the logs are in \(state.path)")
            }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    /// The last lines of a log, for an error.
    private static func tail(of log: String) -> String? {
        guard let text = StateDirectory.read(log) else { return nil }
        let lines = text.split(separator: "\n").suffix(5)
        return lines.isEmpty ? nil : lines.joined(separator: "\n")
    }

    private func redisTrouble() async -> String? {
        let readings = await readings()
        let count = plan.redis.nodes.count
        for node in plan.members(.redis) {
            guard let reading = readings[node.name] else { return "\(node.name) does not answer" }
            if reading.role == .replica, !reading.isLinked { return "\(node.name) is not linked to its master" }
        }
        let masters = readings.filter { $0.value.role == .master }
        guard masters.count == 1, let master = masters.first else { return "\(masters.count) nodes are masters" }
        guard master.value.replicas == count - 1 else {
            return "\(master.key) has \(master.value.replicas) of \(count - 1) replicas"
        }
        return nil
    }

    private func sentinelTrouble() async -> String? {
        let readings = await sentinelReadings()
        for sentinel in plan.members(.sentinel) {
            guard let reading = readings[sentinel.name] else { return "\(sentinel.name) does not answer" }
            guard reading.otherSentinels == plan.redis.sentinels.count - 1 else {
                return "\(sentinel.name) knows \(reading.otherSentinels) others"
            }
            guard reading.replicas >= plan.redis.nodes.count - 1 else {
                return "\(sentinel.name) knows \(reading.replicas) replicas"
            }
            guard reading.hasQuorum else { return "\(sentinel.name) sees no quorum" }
        }
        return nil
    }

    private func sidecarTrouble() async -> String? {
        for sidecar in plan.members(.sidecar) {
            guard let admin = sidecar.admin else { continue }
            let status = await HTTPProbe.status(admin, path: "/readyz")
            if status != 200 { return "\(sidecar.name) is not ready (\(status.map { "\($0)" } ?? "no answer"))" }
        }
        return nil
    }

    private func watchExits() async {
        for await exit in exits {
            options.logger.warning("\(exit)", metadata: ["log": "\(manifestLog(of: exit.name))"])
            try? note { _ in }
            guard options.restartsProcesses, restarts(exit) else { continue }
            // The pace of the init system's units.
            do { try await Task.sleep(for: .seconds(1)) } catch { return }
            do { try start(exit.name) } catch { options.logger.error("\(exit.name) cannot be started again: \(error)") }
        }
    }

    /// As the rendered units do: Sentinels and sidecars always, Redis only if it would not come back empty.
    private func restarts(_ exit: ProcessExit) -> Bool {
        let isRedis = plan.members(.redis).contains { $0.name == exit.name }
        return !isRedis || plan.redis.automaticRestart
    }

    private func manifestLog(of name: String) -> String {
        plan.members.first { $0.name == name }?.log ?? ""
    }

    /// Changes the manifest and writes it, with the present process ids.
    private func note(_ change: (inout StackManifest) -> Void) throws {
        let running = supervisor.running
        try manifest.withLock { manifest in
            change(&manifest)
            for index in manifest.members.indices {
                manifest.members[index].pid = running[manifest.members[index].name]
            }
            try manifest.write(state)
        }
    }

    /// Sidecars first, so that they drain while there is a master; Redis last.
    private func stop() async {
        supervisor.beginStopping()
        if options.stopsWithin > .zero {
            for kind in [StackManifest.Kind.sidecar, .sentinel, .redis] {
                for member in plan.members(kind) {
                    supervisor.signal(member.name, SIGTERM)
                    // A stopped process takes its signals when it goes on.
                    supervisor.signal(member.name, SIGCONT)
                }
                await endings(of: plan.members(kind).map(\.name), within: options.stopsWithin)
            }
        }
        supervisor.end()
        for member in plan.members { await supervisor.ended(member.name) }
        unlink(state.manifestFile)
        for member in plan.members { if let socket = member.socket { unlink(socket) } }
    }

    /// Returns when all have ended or have been killed for taking too long.
    private func endings(of names: [String], within limit: Duration) async {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                for name in names { await self.supervisor.ended(name) }
                return true
            }
            group.addTask {
                // Stopping goes on when the task is cancelled already; the wait is then short.
                try? await Task.sleep(for: Task.isCancelled ? .milliseconds(500) : limit)
                return false
            }
            if await group.next() == false {
                for name in names { self.supervisor.signal(name, SIGKILL) }
            }
            group.cancelAll()
        }
    }
}
