internal import Foundation
internal import Glibc
internal import HAProxy
internal import LocalStack
internal import ShopRows

/// The faults, each from its injection to a store that is whole again.
extension ShopCourse {
    func play(_ scenario: ShopScenario, seed: UInt64) async throws {
        let nodes = stage.webNodes
        switch scenario {
        case .webCrash: try await crash(nodes[0])
        case .webHang: try await hang(nodes[0])
        case .webDrain: for node in nodes { try await drain(node) }
        case .balancerRestart: for _ in 1...3 { try await reload() }
        case .databaseRestart: try await restartDatabase()
        case .replicaLoss: try await loseReplica()
        case .redisDown: try await loseRedis()
        case .diskFull: try await fillDisk(nodes[0])
        case .slowDatabase: try await slowDatabase()
        case .everything: try await everything(seed)
        }
    }

    /// A machine that dies: nobody cleans up, the kernel resets the connections.
    func crash(_ node: String) async throws {
        let members = stage.members(of: node)
        let sent = try await end(members, by: SIGKILL, "SIGKILL")
        let (time, because) = stage.balancerNotices
        allow("crash of \(node)", from: sent, for: time, because: because)
        try await balancer(says: { status, _ in status.hasPrefix("DOWN") }, of: node, "out")
        try await observe(.seconds(3))
        try await start(members.reversed())
        try await awaitWhole()
    }

    /// PHP-FPM stands still: it takes connections and answers nobody, and its nginx is well.
    func hang(_ node: String) async throws {
        let name = "php-\(node)"
        guard let pid = stage.stack.pid(of: name) else {
            throw DrillError("drill.fault_not_injected", "\(name) is not running")
        }
        let sent = MonotonicClock.now()
        // Its workers are in its session, and so in its group.
        guard kill(-pid, SIGSTOP) == 0 else {
            throw DrillError("drill.fault_not_injected", "\(name) cannot be stopped (error \(errno))")
        }
        note("fault.injected", at: sent, "SIGSTOP \(name) and its workers")
        defer { kill(-pid, SIGCONT) }
        let stopped = try await poll(every: .milliseconds(1), limit: .seconds(5)) {
            ProcessState.of(pid) == .stopped ? true : nil
        }
        guard stopped != nil else { throw DrillError("drill.fault_not_injected", "\(name) did not stop") }
        note("fault.verified", "process \(pid)")
        let (time, because) = stage.balancerNotices
        allow(
            "hang of \(name)", from: sent, for: time + .seconds(6),
            because: "2 checks × (1s + 2s) of the agent, \(because)")
        try await balancer(says: { status, _ in status.hasPrefix("DOWN") }, of: node, "out")
        try await observe(.seconds(3))
        kill(-pid, SIGCONT)
        note("fault.repaired", "SIGCONT \(name)")
        try await awaitWhole()
    }

    /// What an upgrade of a node is: nothing new comes, what has begun ends, everything is restarted, and it is back.
    func drain(_ node: String) async throws {
        guard let file = stage.shop.drainFiles[node] else {
            throw DrillError("drill.fault_not_injected", "\(node) has no drain file")
        }
        guard FileManager.default.createFile(atPath: file, contents: nil) else {
            throw DrillError("drill.fault_not_injected", "\(file) cannot be made")
        }
        defer { try? FileManager.default.removeItem(atPath: file) }
        note("fault.injected", "drain \(node)")
        try await balancer(says: { $0 == "NOLB" && $1 == 0 }, of: node, "drained, without a session")
        for (name, signal) in [("nginx-\(node)", SIGQUIT), ("php-\(node)", SIGQUIT), ("sidecar-\(node)", SIGTERM)] {
            stage.stack.signal(name, signal)
            await stage.stack.ended(name)
        }
        for name in ["sidecar-\(node)", "php-\(node)", "nginx-\(node)"] { try stage.stack.start(name) }
        note("restarted", node)
        let well = try await poll(every: .milliseconds(50), limit: .seconds(30)) {
            try await stage.balanced()[node]?.status == "NOLB" ? true : nil
        }
        guard well != nil else { throw DrillError("drill.not_healed", "\(node) did not come back while drained") }
        try FileManager.default.removeItem(atPath: file)
        try await balancer(says: { status, _ in status.hasPrefix("UP") }, of: node, "back")
        try await awaitWhole()
    }

    /// HAProxy's own way to take up a new configuration: another process gets the listening sockets.
    func reload() async throws {
        guard let name = stage.stack.members(.balancer).first?.name, stage.stack.signal(name, SIGUSR2) else {
            throw DrillError("drill.fault_not_injected", "the balancer is not running")
        }
        note("fault.injected", "reload of \(name)")
        try await observe(.seconds(2))
        try await awaitWhole()
    }

    /// There is one database that takes writes: while it is away there are errors, and nothing may be lost.
    func restartDatabase() async throws {
        let name = stage.database.node
        let sent = try await end([name], by: SIGTERM, "SIGTERM")
        try await start([name])
        guard let settings = stage.database.settings(reading: .seconds(5)) else {
            throw DrillError("drill.no_database", "the database's password cannot be read")
        }
        let up = try await poll(every: .milliseconds(20), limit: .seconds(60)) {
            await settings.runsStatements() ? true : nil
        }
        guard up != nil else { throw DrillError("drill.not_healed", "\(name) does not answer") }
        let away = Duration.nanoseconds(MonotonicClock.now() - sent)
        allow(
            "restart of \(name)", from: sent, for: away + .seconds(1),
            because: "\(away.inMilliseconds) ms without a database, and 1s for pages under way", isPartial: false)
        note("database", "answers again after \(away.inMilliseconds) ms")
        try await awaitWhole()
    }

    func loseReplica() async throws {
        guard let name = stage.database.replicas?.first else {
            throw DrillError("drill.fault_not_injected", "the database has no replica")
        }
        _ = try await end([name], by: SIGKILL, "SIGKILL")
        try await observe(.seconds(4))
        try await start([name])
        try await awaitWhole()
    }

    /// Everything in the cache is gone, and for a while there is none.
    func loseRedis() async throws {
        let names = stage.stack.members(.redis).map(\.name)
        _ = try await end(names, by: SIGKILL, "SIGKILL")
        try await observe(.seconds(8))
        try await start(names)
        try await awaitWhole()
    }

    func crashMaster() async throws {
        guard let master = await stage.stack.master() else {
            throw DrillError("drill.fault_not_injected", "no master was found to strike")
        }
        _ = try await end([master], by: SIGKILL, "SIGKILL the master,")
        let other = try await poll(every: .milliseconds(50), limit: .seconds(30)) { () -> String? in
            guard let now = await stage.stack.master(), now != master else { return nil }
            return now
        }
        guard let other else { throw DrillError("drill.not_healed", "no other node became the master") }
        note("failover", "\(other) is the master")
        try await start([master])
        try await awaitWhole()
    }

    func loseSentinel() async throws {
        let name = stage.stack.members(.sentinel)[0].name
        _ = try await end([name], by: SIGKILL, "SIGKILL")
        try await observe(.seconds(3))
        try await start([name])
        try await awaitWhole()
    }

    func fillDisk(_ node: String) async throws {
        guard let docroot = stage.shop.docroots[node] else {
            throw DrillError("drill.fault_not_injected", "\(node) has no document root")
        }
        let disk = DiskFiller(directory: "\(docroot)/wp-content/uploads", of: node)
        defer { try? disk.free() }
        let filled = try disk.fill()
        note("fault.injected", at: filled, "fill the disk of \(node)")
        try await balancer(says: { status, _ in status == "NOLB" }, of: node, "out, and may finish what it has")
        try await observe(.seconds(3))
        try disk.free()
        note("fault.repaired", "the disk of \(node)")
        try await awaitWhole()
    }

    /// The database stands still for three quarters of the time, as one whose disk is overloaded.
    func slowDatabase() async throws {
        let name = stage.database.node
        guard let pid = stage.stack.pid(of: name) else {
            throw DrillError("drill.fault_not_injected", "\(name) is not running")
        }
        note("fault.injected", "SIGSTOP \(name) for 150 ms of every 200 ms")
        defer { kill(pid, SIGCONT) }
        let end = ContinuousClock.now + .seconds(10)
        var out: Set<String> = []
        while ContinuousClock.now < end {
            guard kill(pid, SIGSTOP) == 0 else {
                throw DrillError("drill.fault_not_injected", "\(name) cannot be stopped")
            }
            try await Task.sleep(for: .milliseconds(150))
            kill(pid, SIGCONT)
            try await Task.sleep(for: .milliseconds(50))
            out.formUnion(try await stage.balanced().values.filter { !$0.isServing }.map(\.name))
        }
        guard out.isEmpty else {
            throw DrillError(
                "drill.pool_emptied", "\(out.sorted().joined(separator: ", ")) left the balancer for a slow database")
        }
        note("fault.repaired", "SIGCONT \(name)")
        try await awaitWhole()
    }

    /// One of each, in an order and on nodes that the seed gives.
    private func everything(_ seed: UInt64) async throws {
        var draw = SplitMix(seed: seed)
        let nodes = stage.webNodes
        let (crashed, hung, drained) = (
            nodes[draw.below(nodes.count)], nodes[draw.below(nodes.count)], nodes[draw.below(nodes.count)]
        )
        var faults: [@Sendable () async throws -> Void] = [
            { try await self.crash(crashed) }, { try await self.hang(hung) }, { try await self.drain(drained) },
            { try await self.reload() }, { try await self.restartDatabase() }, { try await self.loseReplica() },
            { try await self.loseRedis() }, { try await self.slowDatabase() }, { try await self.crashMaster() },
            { try await self.loseSentinel() },
        ]
        while !faults.isEmpty {
            let fault = faults.remove(at: draw.below(faults.count))
            try await fault()
            try await observe(.seconds(1))
        }
    }
}
