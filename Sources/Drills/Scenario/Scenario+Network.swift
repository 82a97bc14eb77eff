internal import Topology

/// Scenarios that cut the links between hosts, or fill their disks.
extension Scenario {
    package static let separated: [Scenario] = [
        redisPartition, redisPartitionMinority, redisSlow, redisFlap, redisOldMasterReturns, redisPromotedBehind,
        redisPromotedEmpty, sentinelSplit, redisDiskFull,
    ]

    /// A master cut off is noticed by its silence: hang-after (600 ms), the replicas' offsets standing still, the
    /// election.
    private static let cutOff = Expectations(
        stall: .seconds(2), failover: true, masterFaults: 2, replicationWindow: .milliseconds(100))

    package static let redisPartition: Scenario = {
        var expectations = cutOff
        expectations.minority = [2]
        expectations.mostFailovers = 1
        expectations.fencesOldMaster = true
        // The isolated master acknowledges plain writes of its own side until the sidecar there fences itself.
        expectations.isolationWindow = .seconds(2)
        return Scenario(
            "redis-partition",
            summary: "cut off the master, one Sentinel and one sidecar from the rest; durable writes must survive",
            steps: [
                .disturb(.isolate([.master, .sentinel(0), .sidecar(2)])), .awaitRecovery, .observe(.seconds(4)),
                .repair, .awaitHealed, .observe(.seconds(1)),
            ],
            requirements: Requirements(network: true, role: .store, durable: true, downAfter: .seconds(3)),
            expectations: expectations)
    }()

    package static let redisPartitionMinority: Scenario = {
        var expectations = Expectations(stall: .seconds(1), failover: false)
        expectations.minority = [2]
        expectations.mostFailovers = 0
        expectations.fencesMinority = true
        return Scenario(
            "redis-partition-minority",
            summary: "cut one sidecar off from the Sentinels, then from everything: it must stop by itself",
            steps: [
                .disturb(.sever([.sidecar(2)], from: [.allSentinels])), .observe(.seconds(5)), .repair,
                .observe(.seconds(2)), .disturb(.isolate([.sidecar(2)])), .observe(.seconds(5)), .awaitRecovery,
                .repair, .awaitHealed, .observe(.seconds(2)),
            ],
            requirements: Requirements(network: true), expectations: expectations)
    }()

    package static let redisSlow = Scenario(
        "redis-slow",
        summary: "a slow link to the master that loses packets: slower, but no error and no failover",
        steps: [
            .disturb(
                .slow(.master, Impairment(delay: .milliseconds(20), jitter: .milliseconds(5), loss: 2))),
            .observe(.seconds(6)), .awaitRecovery, .repair, .awaitHealed, .observe(.seconds(1)),
        ],
        requirements: Requirements(network: true),
        expectations: Expectations(stall: .seconds(2), failover: false))

    package static let redisFlap: Scenario = {
        var expectations = Expectations(
            stall: .seconds(2), failover: nil, masterFaults: 8, replicationWindow: .milliseconds(100))
        expectations.mostFailovers = 1
        let flap: [Step] = [
            .disturb(.isolate([.master])), .observe(.milliseconds(300)), .repair, .observe(.milliseconds(500)),
        ]
        return Scenario(
            "redis-flap",
            summary: "the master's link goes down and up eight times: at most one failover",
            steps: Array(repeating: flap, count: 8).flatMap(\.self) + [
                .awaitRecovery, .awaitHealed, .observe(.seconds(1)),
            ],
            requirements: Requirements(network: true), expectations: expectations)
    }()

    package static let redisOldMasterReturns: Scenario = {
        var expectations = cutOff
        expectations.mostFailovers = 1
        expectations.fencesOldMaster = true
        return Scenario(
            "redis-old-master-returns",
            summary:
                "the old master comes back and claims to be master, hidden from the Sentinels: nobody writes to it",
            steps: [
                .disturb(.isolate([.master])), .awaitRecovery, .repair,
                .disturb(.sever([.formerMaster], from: [.allSentinels])), .observe(.seconds(5)), .awaitRecovery,
                .repair, .awaitHealed, .observe(.seconds(1)),
            ],
            requirements: Requirements(network: true, role: .store, downAfter: .seconds(3)), expectations: expectations)
    }()

    package static let redisPromotedBehind = Scenario(
        "redis-promoted-behind",
        summary: "promote a replica of a cache that lacks the last two seconds: nothing old may show",
        steps: [
            .disturb(.sever([.master], from: [.replicas])), .observe(.seconds(2)), .inject(Fault(.kill, .master)),
            .awaitRecovery, .repair, .awaitHealed, .observe(.seconds(1)),
        ],
        requirements: Requirements(network: true, role: .cache), expectations: cutOff)

    package static let redisPromotedEmpty = Scenario(
        "redis-promoted-empty",
        summary: "promote a replica of a cache that is empty: what was there is missing, nothing is stale",
        steps: [
            .disturb(.sever([.master], from: [.replicas])), .inject(Fault(.wipe, .replica)),
            .inject(Fault(.wipe, .lastReplica)), .observe(.seconds(1)), .inject(Fault(.kill, .master)),
            .awaitRecovery, .repair, .awaitHealed, .observe(.seconds(1)),
        ],
        requirements: Requirements(network: true, role: .cache), expectations: cutOff)

    package static let sentinelSplit: Scenario = {
        var expectations = cutOff
        expectations.mostFailovers = 1
        return Scenario(
            "sentinel-split",
            summary: "split the Sentinels 1 : 2, kill the master meanwhile, then heal: one master at every moment",
            steps: [
                .disturb(.sever([.sentinel(0)], from: [.sentinel(1), .sentinel(2)])), .observe(.seconds(3)),
                .inject(Fault(.kill, .master)), .awaitRecovery, .observe(.seconds(2)), .repair, .awaitHealed,
                .observe(.seconds(1)),
            ],
            // A Sentinel connects anew once a second only: with less, those that hear of the new master in the same moment
            // could take it for dead before they have reached it.
            requirements: Requirements(network: true, role: .store, downAfter: .seconds(3)), expectations: expectations)
    }()

    package static let redisDiskFull: Scenario = {
        var expectations = Expectations(
            stall: .seconds(5), failover: nil, masterFaults: 2, replicationWindow: .milliseconds(100))
        expectations.errors = .refusals
        return Scenario(
            "redis-disk-full",
            summary: "fill the master's disk: clients are refused in words (MISCONF), and nothing acknowledged is lost",
            steps: [
                .inject(Fault(.fillDisk, .master)), .observe(.seconds(3)), .awaitRecovery, .repair, .awaitHealed,
                .observe(.seconds(1)),
            ],
            // A master that answers, if only MISCONF, is Sentinel's to replace: it may take a PING's second, `down-after`
            // and the second after which it sees the promotion.
            requirements: Requirements(
                persistence: true, network: true, role: .store, smallDisks: true, hold: .seconds(5)),
            expectations: expectations)
    }()
}
