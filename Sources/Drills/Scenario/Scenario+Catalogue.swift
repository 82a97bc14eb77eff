extension Scenario {
    /// What the demo shows.
    package static let standard: [Scenario] = [redisCrash, redisHang, redisRestart, sentinelLoss, replicaLoss]

    /// Every scenario, in the order in which `--list` shows them.
    package static let all: [Scenario] =
        standard + [redisCrashSentinelDown, sentinelFailover, redisSwitchover] + separated

    package static func named(_ name: String) -> Scenario? {
        all.first { $0.name == name }
    }

    /// A failover decided by Sentinel: down-after, then about half a second of election, a second until the other
    /// replica follows and `min-replicas-to-write` is met, a second until the Sentinels agree on the epoch, and one
    /// more for a busy machine.
    private static let failover = Expectations(
        stall: .seconds(4), addsDownAfter: true, failover: true, masterFaults: 1,
        replicationWindow: .milliseconds(100))

    package static let redisCrash = Scenario(
        "redis-crash",
        summary: "SIGKILL the master; later the old master returns as a replica",
        steps: [
            .inject(Fault(.kill, .master)), .awaitRecovery, .repair, .awaitHealed, .observe(.seconds(1)),
        ],
        expectations: failover)

    package static let redisCrashSentinelDown = Scenario(
        "redis-crash-sentinel-down",
        summary: "SIGKILL the master while one Sentinel is dead already: the other two must do",
        steps: [
            .inject(Fault(.kill, .sentinel(0))), .observe(.seconds(1)), .inject(Fault(.kill, .master)),
            .awaitRecovery, .repair, .awaitHealed, .observe(.seconds(1)),
        ],
        expectations: failover)

    package static let redisHang = Scenario(
        "redis-hang",
        summary: "SIGSTOP the master; it wakes after the failover and still takes itself for the master",
        steps: [
            .inject(Fault(.stop, .master)), .awaitRecovery, .repair, .awaitHealed, .observe(.seconds(1)),
        ],
        expectations: failover)

    package static let redisRestart = Scenario(
        "redis-restart",
        summary: "SIGKILL the master and start it again at once; it keeps its data",
        steps: [
            .inject(Fault(.kill, .master)), .repair, .awaitRecovery, .awaitHealed, .observe(.seconds(1)),
        ],
        requirements: Requirements(persistence: true),
        // With a down-after of a second Sentinel, which reconnects once a second, may take the restart for a crash.
        expectations: Expectations(stall: .seconds(4), failover: nil, masterFaults: 1))

    package static let sentinelLoss = Scenario(
        "sentinel-loss",
        summary: "SIGKILL one Sentinel, then a second: no majority is left, and traffic goes on",
        steps: [
            .inject(Fault(.kill, .sentinel(0))), .observe(.seconds(3)),
            .inject(Fault(.kill, .sentinel(1))), .observe(.seconds(4)),
            .awaitRecovery, .repair, .awaitHealed, .observe(.seconds(1)),
        ],
        expectations: Expectations(stall: .seconds(3)))

    package static let replicaLoss = Scenario(
        "replica-loss",
        summary: "SIGKILL a replica; it comes back and catches up",
        steps: [
            .inject(Fault(.kill, .replica)), .observe(.seconds(3)), .awaitRecovery, .repair, .awaitHealed,
            .observe(.seconds(1)),
        ],
        expectations: Expectations(stall: .seconds(3)))

    package static let redisSwitchover = Scenario(
        "redis-switchover",
        summary: "breakwater switchover redis: no error, no lost write, and nobody waits for more than 0.4 s",
        steps: [
            .inject(Fault(.switchover, .master)), .observe(.seconds(1)), .awaitRecovery, .awaitHealed,
            .observe(.seconds(1)),
        ],
        expectations: Expectations(stall: .milliseconds(400), failover: true))

    package static let sentinelFailover = Scenario(
        "sentinel-failover",
        summary: "SENTINEL FAILOVER while the master lives: it must take no writes once another is promoted",
        steps: [
            .inject(Fault(.failover, .sentinel(0))), .observe(.seconds(3)), .awaitRecovery, .awaitHealed,
            .observe(.seconds(1)),
        ],
        expectations: Expectations(stall: .seconds(4), failover: true, masterFaults: 1))
}
