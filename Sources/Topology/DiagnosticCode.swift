/// Every code a topology file can be answered with. Codes are stable: scripts match on them.
/// `docs/topology.md` explains each one, and a test compares the two lists.
package enum DiagnosticCode: String, Sendable, CaseIterable {
    // The file as a file.
    case fileUnreadable = "file.unreadable"
    case fileTooLarge = "file.too_large"
    case fileNotUTF8 = "file.not_utf8"

    // The file as YAML.
    case yamlSyntax = "yaml.syntax"
    case yamlDuplicateKey = "yaml.duplicate_key"
    case yamlAlias = "yaml.alias"

    // The file's shape.
    case empty = "topology.empty"
    case unknownKey = "topology.unknown_key"
    case missingKey = "topology.missing_key"
    case wrongType = "topology.wrong_type"
    case invalidValue = "topology.invalid_value"
    case outOfRange = "topology.out_of_range"
    case duplicateEntry = "topology.duplicate_entry"
    case literalSecret = "topology.literal_secret"
    case unsupportedVersion = "topology.unsupported_version"

    // Hosts and regions.
    case hostUnknown = "hosts.unknown"
    case hostUnused = "hosts.unused"
    case hostRegionUnknown = "hosts.region_unknown"
    case hostAddressMissing = "hosts.address_missing"
    case hostAddressInvalid = "hosts.address_invalid"
    case hostAddressNotLoopback = "hosts.address_not_loopback"
    case regionsNotDistinct = "regions.not_distinct"

    // Redis.
    case redisTooFewNodes = "redis.too_few_nodes"
    case redisTooFewSentinels = "redis.too_few_sentinels"
    case redisEvenSentinels = "redis.even_sentinels"
    case redisQuorumNotMajority = "redis.quorum_not_majority"
    case redisQuorumAboveMajority = "redis.quorum_above_majority"
    case redisQuorumAboveSentinels = "redis.quorum_above_sentinels"
    case redisPlacementNoMajority = "redis.placement_no_majority"
    case redisPlacementNoReplica = "redis.placement_no_replica"
    case redisAddressConflict = "redis.address_conflict"
    case redisTwoNodesMinReplicas = "redis.two_nodes_min_replicas"
    case redisMinReplicasImpossible = "redis.min_replicas_impossible"
    case redisMinReplicasOff = "redis.min_replicas_off"
    case redisHostnameNotResolved = "redis.hostname_not_resolved"
    case redisPublicAddress = "redis.public_address"
    case redisPasswordMissing = "redis.password_missing"
    case redisEmptyRestart = "redis.empty_restart"
    case redisStoreWithoutPersistence = "redis.store_without_persistence"
    case redisStoreEvicts = "redis.store_evicts"
    case redisCacheDoesNotEvict = "redis.cache_does_not_evict"
    case redisDownAfter = "redis.down_after"
    case redisFailoverTimeout = "redis.failover_timeout"
    case redisHangAfter = "redis.hang_after"
    case redisMaxLag = "redis.max_lag"
    case redisMaxmemoryTooSmall = "redis.maxmemory_too_small"
    case redisPrefixConflict = "redis.prefix_conflict"
    case redisDurableReplicas = "redis.durable_replicas"
    case redisRegionsMixed = "redis.regions_mixed"

    // The sidecar.
    case sidecarWithoutRedis = "sidecar.without_redis"
    case sidecarDegradeNeedsCache = "sidecar.degrade_needs_cache"
    case sidecarHoldExceedsClientTimeout = "sidecar.hold_exceeds_client_timeout"
    case sidecarHoldTooShort = "sidecar.hold_too_short"
    case sidecarSelfFence = "sidecar.self_fence"
    case sidecarOpenWithoutPassword = "sidecar.open_without_password"
    case sidecarListenConflict = "sidecar.listen_conflict"
    case sidecarTLSUnused = "sidecar.tls_unused"

    // Certificates, of Redis and of the sidecar.
    case tlsMadeHere = "tls.made_here"

    // The database and its backups.
    case mysqlNoServer = "mysql.no_server"
    case mysqlTwoServers = "mysql.two_servers"
    case mysqlNotEncrypted = "mysql.not_encrypted"
    case backupNothing = "backup.nothing"
    case backupIncompleteDatabase = "backup.incomplete_database"
    case backupNoStore = "backup.no_store"
    case backupNoRecipient = "backup.no_recipient"
    case backupStoreTwice = "backup.store_twice"
    case backupSameRegion = "backup.same_region"
    case backupOnlyDirectories = "backup.only_directories"
    case backupPlainHTTP = "backup.plain_http"
    case backupKeepEmpty = "backup.keep_empty"
    case backupNeverVerified = "backup.never_verified"
    case backupDropsOrders = "backup.drops_orders"

    // The other sections; their commands bring more rules with them.
    case loadBalancerBounds = "load_balancer.bounds"
    case loadBalancerHealthTiming = "load_balancer.health_timing"
    case loadBalancerNoCertificate = "load_balancer.no_certificate"
    case webStrict = "web.strict"
    case regionFailoverNeedsStandby = "region_failover.needs_standby"
    case regionFailoverNeedsWitness = "region_failover.needs_witness"
}
