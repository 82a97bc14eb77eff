internal import Foundation
internal import LocalStack
internal import Logging
internal import RESP
internal import RedisClient
internal import Topology

/// A shop on this machine, shoppers in it, and five disasters one after the other.
package struct ShopDemo: Sendable {
    package var shoppers = 6
    /// A directory for the store's files; it must be there.
    package var scratch: String
    package var proxyExecutable: String?
    package var progress: @Sendable (String) -> Void = { _ in }

    package init(scratch: String) {
        self.scratch = scratch
    }

    /// Of the orders acknowledged so shortly before the database is lost some may be missing.
    private static let window: Duration = .seconds(2)

    private static let topology = """
        version: 1
        store: demo
        provider: local
        redis: { role: cache, persistence: off, down_after: 2s, failover_timeout: 10s, maxmemory: 64MiB }
        sidecar: { hold: 800ms, on_timeout: degrade }
        mysql: { primary: db-1 }

        """

    /// - Throws: `StackError` when the store cannot be started; `DrillError`; `CancellationError`.
    package func run() async throws -> ShopDemoReport {
        let file = "\(scratch)/breakwater.yaml"
        guard let topology = StoreTopology.read(text: Self.topology, file: file).topology else {
            throw DrillError("drill.failed", "the topology of the demo is not valid")
        }
        do {
            try Data(Self.topology.utf8).write(to: URL(filePath: file))
        } catch {
            throw DrillError("drill.scratch", "\(file) cannot be written: \(error.localizedDescription)")
        }
        var options = StackOptions(stateDirectory: "\(scratch)/.breakwater")
        options.topologyFile = file
        options.proxyExecutable = proxyExecutable
        options.web = true
        options.readyWithin = .seconds(60)
        options.stopsWithin = .zero
        options.logger.logLevel = .error
        progress("starting the shop: Redis, Sentinels, MariaDB, three web nodes with WordPress, HAProxy")
        let begun = ContinuousClock.now
        return try await LocalStack.run(topology, options: options) { stack in
            let stage = try ShopStage(stack)
            let took = ContinuousClock.now - begun
            progress("the shop is open after \(took.inMilliseconds) ms: \(stage.shop.url)/")
            let tool = BreakwaterTool(directory: stack.programDirectory, topologyFile: file)
            let drill = ShopDrill(
                name: "demo", stage: stage, shoppers: shoppers, pause: .milliseconds(100), number: 1,
                progress: progress)
            let (report, evidence) = try await drill.run { try await play($0, stage, tool) }
            return ShopDemoReport(report, evidence, startedMs: took.inMilliseconds)
        }
    }

    private func play(_ course: ShopCourse, _ stage: ShopStage, _ tool: BreakwaterTool) async throws {
        let backup = try await tool.run(["backup", "create"]).decoded(as: BackupWords.Created.self)
        course.note("backup.made", "\(backup.id), \(backup.rows) rows")
        let shipper = try LogShipper.start(on: stage.stack, tool, log: "\(scratch)/ship.log")
        _ = try await shipper.catchUp()
        course.note("log.shipped", "every transaction is in the bucket within seconds")

        course.note(ShopDemoReport.Disaster.redisMaster.event, "")
        try await course.crashMaster()
        try await course.observe(.seconds(2))
        course.note(ShopDemoReport.Disaster.webNode.event, "")
        try await course.crash(stage.webNodes[1])
        try await course.observe(.seconds(2))
        course.note(ShopDemoReport.Disaster.sentinel.event, "")
        try await course.loseSentinel()
        try await course.observe(.seconds(2))
        course.note(ShopDemoReport.Disaster.database.event, "")
        try await loseDatabase(course, stage, tool, shipper)
        try await course.observe(.seconds(2))
        course.note(ShopDemoReport.Disaster.allOfRedis.event, "")
        try await course.loseRedis()
    }

    /// The server, its disk and the shipper of its log are gone; what is left is the bucket.
    private func loseDatabase(
        _ course: ShopCourse, _ stage: ShopStage, _ tool: BreakwaterTool, _ shipper: LogShipper
    ) async throws {
        let (stack, name) = (stage.stack, stage.database.node)
        guard let data = stack.databaseDirectory else {
            throw DrillError("drill.fault_not_injected", "the database has no data directory")
        }
        stack.signal("ship", SIGKILL)
        let fault = try await course.end([name], by: SIGKILL, "SIGKILL, and delete the disk of,")
        course.lose(.init(fault: fault, window: Self.window))
        await shipper.kill()
        try FileManager.default.removeItem(atPath: data)
        // As `restore --flip` does on a web server: closed is better than half a shop.
        let closed = stage.shop.docroots.values.map { "\($0)/.maintenance" }
        for path in closed { try Data("<?php $upgrading = time();\n".utf8).write(to: URL(filePath: path)) }
        try await stack.prepareDatabase()
        try await course.start([name])
        guard let settings = stage.database.settings(reading: .seconds(5)) else {
            throw DrillError("drill.no_database", "the database's password cannot be read")
        }
        let isUp = try await poll(every: .milliseconds(20), limit: .seconds(60)) {
            await settings.runsStatements() ? true : nil
        }
        guard isUp != nil else { throw DrillError("drill.failed", "the new database server does not answer") }
        let database = stage.database
        let restored = try await tool.run([
            "restore", "latest", "--until", "now", "--identity", database.identityFile, "--to",
            "mysql://\(database.user)@\(database.address)/\(database.name)?tls=off", "--password-file",
            database.passwordFile,
        ]).decoded(as: BackupWords.Restored.self)
        course.note(
            "restored", "backup \(restored.backup) and \(restored.replayed?.transactions ?? 0) transactions of the log")
        // Cached objects outlive their rows.
        try await Self.emptyCache(stage)
        for path in closed { try FileManager.default.removeItem(atPath: path) }
        let away = Duration.nanoseconds(MonotonicClock.now() - fault)
        course.allow(
            "loss of \(name)", from: fault, for: away + .seconds(1),
            because: "\(away.inMilliseconds) ms until the backup and the log are restored, and 1s for pages under way",
            isPartial: false)
        try await course.awaitWhole()
    }

    static func emptyCache(_ stage: ShopStage) async throws {
        let stack = LocalStackStage(stage.stack)
        let probe = StackProbe(stack)
        guard let master = await probe.master(),
            await probe.ask(master.endpoint, stack.nodeCredentials, { try await $0.send(["FLUSHDB"]).string }) == "OK"
        else { throw DrillError("drill.not_emptied", "the cache could not be emptied") }
    }
}
