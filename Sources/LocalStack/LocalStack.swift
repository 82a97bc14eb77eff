internal import Foundation
package import Glibc
internal import Logging
internal import Processes
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
    let plan: StackPlan
    let supervisor: ProcessSupervisor
    let options: StackOptions
    private let manifest: Mutex<StackManifest>
    let exits: AsyncStream<ProcessExit>
    /// For connections to nodes and Sentinels; nil when they speak in the clear.
    package let tls: RedisTLS?
    /// At most one renewal at a time.
    let renewal = Mutex(false)

    private init(
        plan: StackPlan, state: StateDirectory, options: StackOptions, supervisor: ProcessSupervisor,
        exits: AsyncStream<ProcessExit>, secured: Bool
    ) throws {
        topology = plan.topology
        self.state = state
        self.plan = plan
        self.supervisor = supervisor
        self.options = options
        self.exits = exits
        let certificates = plan.redis.tls == nil ? nil : LocalCertificates(state).own
        tls = try certificates.map { try LocalCertificates.connecting($0) }
        manifest = Mutex(
            StackManifest(
                store: plan.topology.store, service: plan.redis.service, topology: options.topologyFile,
                supervisor: getpid(), processGroup: supervisor.group, ready: false,
                appPasswordFile: secured ? state.secretFile("app.password") : nil,
                breakwaterPasswordFile: secured ? state.secretFile("breakwater.password") : nil,
                tls: certificates.map { .init(ca: $0.ca, certificate: $0.certificate, key: $0.key) },
                operatorPasswordFile: secured ? state.secretFile("operator.password") : nil,
                controlSecretFile: state.secretFile(Secrets.controlFile), database: plan.databaseAccess(state),
                shop: plan.shop(state),
                members: plan.members.map { member in
                    StackManifest.Member(
                        name: member.name, kind: member.kind, address: member.endpoint.description,
                        socket: member.socket, admin: member.admin?.description,
                        control: member.control?.description, log: member.log, pid: nil)
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
        let supervisor = try StackError.translating { () throws(ProcessError) in
            try ProcessSupervisor { sink.yield($0) }
        }
        let reaper = Thread {
            supervisor.reap()
            sink.finish()
        }
        reaper.name = "reaper"
        reaper.start()
        let stack = try LocalStack(
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
            group.addTask { await self.keepCertificatesFresh() }
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

    var manifestNow: StackManifest { manifest.withLock { $0 } }

    package func members(_ kind: StackManifest.Kind) -> [StackManifest.Member] {
        members.filter { $0.kind == kind }
    }

    /// Where a member is reached over TCP; nil when there is none of that name.
    package func endpoint(of name: String) -> RedisEndpoint? {
        plan.members.first { $0.name == name }?.endpoint
    }

    /// Where a Redis node keeps its data; nil when there is none of that name.
    package func dataDirectory(of name: String) -> String? {
        guard plan.members(.redis).contains(where: { $0.name == name }) else { return nil }
        return state.dataDirectory(of: name)
    }

    /// Where the programs of Breakwater are: beside the sidecars' program, or this one.
    package var programDirectory: String {
        let program = options.proxyExecutable ?? Programs.thisProgram
        return URL(filePath: program).deletingLastPathComponent().path(percentEncoded: false)
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

    /// Who changes settings of running nodes; nil when they ask for nothing.
    package var operatorCredentials: RedisCredentials? { manifest.withLock { $0 }.operatorCredentials }

    /// The process id, or nil when it is not running.
    package func pid(of name: String) -> pid_t? { supervisor.pid(of: name) }

    /// What each Redis node says of itself now, by name; those that do not answer are left out.
    package func readings() async -> [String: NodeReading] {
        let credentials = nodeCredentials
        return await withTaskGroup(of: (String, NodeReading?).self) { group in
            for node in plan.members(.redis) {
                group.addTask {
                    (node.name, await NodeReading.of(node.endpoint, credentials: credentials, tls: self.tls))
                }
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
                group.addTask {
                    (sentinel.name, await SentinelReading.of(sentinel.endpoint, service: service, tls: self.tls))
                }
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
        try checkData(of: member)
        // What a killed sidecar left behind; the next one would find the path taken.
        if let socket = member.socket { unlink(socket) }
        let pid = try StackError.translating { () throws(ProcessError) in
            try supervisor.start(
                name, executable: member.executable, arguments: member.arguments, log: member.log,
                hasWorkers: member.hasWorkers)
        }
        options.logger.info("\(name) started (process \(pid))")
        try note { _ in }
    }

    // MARK: Inside

    /// Changes the manifest and writes it, with the present process ids.
    func note(_ change: (inout StackManifest) -> Void) throws {
        let running = supervisor.running
        try manifest.withLock { manifest in
            change(&manifest)
            for index in manifest.members.indices {
                manifest.members[index].pid = running[manifest.members[index].name]
            }
            try manifest.write(state)
        }
    }

    /// From the shopper inwards: each has what it needs to finish what it has begun. What holds data last.
    private func stop() async {
        supervisor.beginStopping()
        if options.stopsWithin > .zero {
            for kind in [StackManifest.Kind.balancer, .web, .php, .agent, .sidecar, .sentinel, .redis, .database] {
                for member in plan.members(kind) {
                    supervisor.signal(member.name, member.gracefulSignal)
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
