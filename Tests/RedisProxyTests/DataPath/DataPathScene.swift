import Logging
import NIOCore
import NIOPosix
import RESP
import RedisClient
import Synchronization

@testable import RedisProxy

/// One shard with a listener, and scripted servers behind it. The test says which of them is the master.
final class DataPathScene: Sendable {
    let group: MultiThreadedEventLoopGroup
    private let box: NIOLoopBoundBox<Shard?>
    private let listener: any Channel
    let suspected = Suspects()

    final class Suspects: Sendable {
        let endpoints = Mutex<[RedisEndpoint]>([])
    }

    static func with<Result: Sendable>(
        configure: (inout ProxyConfiguration) -> Void = { _ in },
        _ body: (DataPathScene) async throws -> Result
    ) async throws -> Result {
        let scene = try await DataPathScene(configure: configure)
        do {
            let result = try await body(scene)
            try await scene.stop()
            return result
        } catch {
            try? await scene.stop()
            throw error
        }
    }

    private init(configure: (inout ProxyConfiguration) -> Void) async throws {
        group = MultiThreadedEventLoopGroup(numberOfThreads: 2)
        var configuration = ProxyConfiguration(listeners: [], sentinels: [], service: "test")
        configuration.hold = .seconds(10)
        configure(&configuration)
        let settings = configuration
        let eventLoop = group.next()
        let box = NIOLoopBoundBox<Shard?>.makeEmptyBox(valueType: Shard.self, eventLoop: eventLoop)
        let suspected = suspected
        try await eventLoop.submit {
            box.value = Shard(
                eventLoop: eventLoop, index: 0, of: 1, configuration: settings, logger: Logger(label: "test"),
                onSuspicion: { endpoint in suspected.endpoints.withLock { $0.append(endpoint) } })
        }.get()
        self.box = box
        listener = try await ServerBootstrap(group: eventLoop)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    guard let session = box.value?.accept() else { throw ChannelError.ioOnClosedChannel }
                    try channel.pipeline.syncOperations.addHandler(session)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    private func stop() async throws {
        try await listener.close().get()
        try await box.eventLoop.submit { [box] in box.value?.closeAll() }.get()
        try await group.shutdownGracefully()
    }

    func server(_ script: @escaping ScriptedServer.Script = { _ in .reply("+OK\r\n") }) async throws -> ScriptedServer {
        try await ScriptedServer.start(on: group, script: script)
    }

    func setMaster(_ server: ScriptedServer?, epoch: UInt64 = 1, isProvisional: Bool = false) async throws {
        let state = server.map { MasterState(endpoint: $0.endpoint, epoch: epoch) }
        let phase: MasterPhase =
            state.map { isProvisional ? .provisional($0) : .available($0) } ?? .searching(.starting)
        try await box.eventLoop.submit { [box] in box.value?.apply(phase) }.get()
    }

    /// Nobody is the master any more, and every answer of the one that was has been read: none of its commands is left
    /// with an unknown outcome.
    func loseMaster() async throws {
        try await setMaster(nil)
        try await until { try await self.inFlight() == 0 }
    }

    /// A switchover holds, or lets go.
    func bar(_ isBarred: Bool) async throws {
        try await box.eventLoop.submit { [box] in box.value?.bar(isBarred) }.get()
    }

    /// These replicas of this master were just found to be up to date.
    func setReplicas(_ replicas: [ScriptedServer], of master: ScriptedServer) async throws {
        let standings = replicas.map { ReplicaStanding(endpoint: $0.endpoint, freshAsOf: .now()) }
        let survey = ReplicaSurvey(master: master.endpoint, replicas: standings)
        try await box.eventLoop.submit { [box] in box.value?.apply(survey) }.get()
    }

    func replicaReads() async throws -> ReplicaReadFigures {
        try await box.eventLoop.submit { [box] in box.value?.snapshot().counters.replicaReads ?? .init() }.get()
    }

    func reload(_ change: @escaping @Sendable (inout ProxyConfiguration) -> Void) async throws {
        try await box.eventLoop.submit { [box] in
            guard let shard = box.value else { return }
            var configuration = shard.configuration
            change(&configuration)
            shard.reload(configuration)
        }.get()
    }

    func inFlight() async throws -> Int {
        try await box.eventLoop.submit { [box] in box.value?.inFlight ?? 0 }.get()
    }

    func heldCommands() async throws -> Int {
        try await box.eventLoop.submit { [box] in box.value?.snapshot().gauges.heldCommands ?? 0 }.get()
    }

    func connect() async throws -> RedisConnection {
        var options = RedisConnection.Options()
        options.commandTimeout = .seconds(20)
        let port = listener.localAddress?.port ?? 0
        return try await RedisConnection.connect(
            to: .tcp(RedisEndpoint(host: "127.0.0.1", port: port)), options: options, on: group)
    }

    /// Sends each command over a connection of its own, and returns when the server has got all of them.
    func send(_ commands: [[String]], to server: ScriptedServer) async throws -> [Task<RESPValue, any Error>] {
        var answers: [Task<RESPValue, any Error>] = []
        for command in commands {
            let client = try await connect()
            answers.append(Task { try await client.send(command) })
        }
        try await until { server.commands.count == commands.count }
        return answers
    }

    /// Waits for something that must come to be; fails the test when it does not within a generous time.
    func until(_ condition: @Sendable () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(20)
        while try await !condition() {
            guard ContinuousClock.now < deadline else { throw WaitedInVain() }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    struct WaitedInVain: Error {}
}
