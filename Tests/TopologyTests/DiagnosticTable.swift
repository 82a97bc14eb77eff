import Testing

/// One file and exactly what is said about it, as `line:column severity code`.
struct DiagnosticCase: CustomTestStringConvertible {
    var name: String
    var text: String
    var findings: [String]

    init(_ name: String, _ text: String, _ findings: String...) {
        self.name = name
        self.text = text
        self.findings = findings
    }

    var testDescription: String { name }
}

/// A production file with three nodes, three Sentinels and a password, and `lines` after them, from line 18 on.
func goodRedisFile(_ lines: String...) -> String {
    redisFile("nodes: [a, b, c]", "sentinels: [a, b, c]", "password: env:P") + lines.map { "  \($0)\n" }.joined()
}

/// The same with further sections at the end.
func goodFile(_ rest: String) -> String {
    goodRedisFile() + rest + "\n"
}

/// Every code of the redis and sidecar sections, and the boundaries between a finding and none.
let ruleCases: [DiagnosticCase] = [
    DiagnosticCase("three of each", goodRedisFile()),

    // Sentinels and their quorum.
    DiagnosticCase(
        "two Sentinels", redisFile("nodes: [a, b, c]", "sentinels: [a, b]", "password: env:P"),
        "16:3 error redis.too_few_sentinels"),
    DiagnosticCase(
        "no Sentinels", redisFile("nodes: [a, b, c]", "sentinels: []", "password: env:P"),
        "16:3 error redis.too_few_sentinels"),
    DiagnosticCase(
        "four Sentinels", redisFile("nodes: [a, b, c]", "sentinels: [a, b, c, d]", "password: env:P"),
        "16:3 warning redis.even_sentinels"),
    DiagnosticCase("five Sentinels", redisFile("nodes: [a, b, c]", "sentinels: [a, b, c, d, e]", "password: env:P")),
    DiagnosticCase("quorum of a minority", goodRedisFile("quorum: 1"), "18:11 error redis.quorum_not_majority"),
    DiagnosticCase("quorum of a majority", goodRedisFile("quorum: 2")),
    DiagnosticCase(
        "quorum of all", goodRedisFile("quorum: 3"), "18:11 error redis.placement_no_majority"),
    DiagnosticCase(
        "quorum of four in five",
        redisFile("nodes: [a, b, c]", "sentinels: [a, b, c, d, e]", "password: env:P", "quorum: 4"),
        "18:11 warning redis.quorum_above_majority"),
    DiagnosticCase(
        "quorum nobody can reach", goodRedisFile("quorum: 4"), "18:11 error redis.quorum_above_sentinels"),

    // Placement: by address, not by name.
    DiagnosticCase(
        "two names of one machine",
        redisFile("nodes: [a, b, c]", "sentinels: [a, a-again, b]", "password: env:P", "sentinel_port: 26379"),
        "16:15 error redis.placement_no_majority", "16:18 error redis.address_conflict"),
    DiagnosticCase(
        "all nodes on one machine", redisFile("nodes: [a, a-again]", "sentinels: [b, c, d]", "password: env:P"),
        "15:3 error redis.placement_no_replica", "15:3 warning redis.two_nodes_min_replicas",
        "15:14 error redis.address_conflict"),
    DiagnosticCase(
        "Redis and Sentinel on one port", goodRedisFile("sentinel_port: 6379"),
        "16:15 error redis.address_conflict", "16:18 error redis.address_conflict",
        "16:21 error redis.address_conflict"),

    // Replicas.
    DiagnosticCase(
        "one node", redisFile("nodes: [a]", "sentinels: [a, b, c]", "password: env:P"),
        "15:3 error redis.too_few_nodes"),
    DiagnosticCase(
        "no nodes", redisFile("nodes: []", "sentinels: [a, b, c]", "password: env:P"),
        "15:3 error redis.too_few_nodes"),
    DiagnosticCase(
        "two nodes", redisFile("nodes: [a, b]", "sentinels: [a, b, c]", "password: env:P"),
        "15:3 warning redis.two_nodes_min_replicas"),
    DiagnosticCase(
        "two nodes, writes allowed alone",
        redisFile("nodes: [a, b]", "sentinels: [a, b, c]", "password: env:P", "min_replicas_to_write: 0"),
        "18:26 warning redis.min_replicas_off"),
    DiagnosticCase(
        "a cache of two nodes, writes allowed alone",
        redisFile("nodes: [a, b]", "sentinels: [a, b, c]", "password: env:P", "min_replicas_to_write: 0", "role: cache")
    ),
    DiagnosticCase(
        "more replicas than there are", goodRedisFile("min_replicas_to_write: 3"),
        "18:26 error redis.min_replicas_impossible"),
    DiagnosticCase(
        "all replicas", goodRedisFile("min_replicas_to_write: 2"), "18:26 warning redis.two_nodes_min_replicas"),
    DiagnosticCase(
        "durable beyond the replicas", goodRedisFile("durable: [cart]", "durable_replicas: 3"),
        "19:21 error redis.durable_replicas"),
    DiagnosticCase(
        "durable and idempotent", goodRedisFile("durable: [\"a:\", \"b:\"]", "idempotent: [\"b:c:\"]"),
        "18:19 warning redis.prefix_conflict"),
    DiagnosticCase(
        "durable next to idempotent", goodRedisFile("durable: [\"a:\"]", "idempotent: [\"b:\"]")),

    DiagnosticCase(
        "reads from replicas",
        goodRedisFile("replica_reads: { prefixes: [\"p:\"], commands: [get, OBJECT ENCODING], max_lag: 500ms }")),
    DiagnosticCase(
        "an empty prefix of replica reads", goodRedisFile("replica_reads: { prefixes: [\"\"] }"),
        "18:31 error topology.invalid_value"),
    DiagnosticCase(
        "an unknown command, and one that writes", goodRedisFile("replica_reads: { commands: [GET, GETT, SET] }"),
        "18:36 error topology.invalid_value", "18:42 error topology.invalid_value"),
    DiagnosticCase(
        "a lag out of bounds", goodRedisFile("replica_reads: { prefixes: [a], max_lag: 61s }"),
        "18:44 error topology.out_of_range"),

    // Access.
    DiagnosticCase(
        "no password", redisFile("nodes: [a, b, c]", "sentinels: [a, b, c]"), "14:1 error redis.password_missing"),
    DiagnosticCase(
        "a password for each user",
        redisFile(
            "nodes: [a, b, c]", "sentinels: [a, b, c]",
            "users: { app: env:A, sentinel: env:B, replica: env:C, breakwater: env:D }")),
    DiagnosticCase(
        "a password for some users",
        redisFile("nodes: [a, b, c]", "sentinels: [a, b, c]", "users: { app: env:A }"),
        "14:1 error redis.password_missing"),
    DiagnosticCase(
        "a host name", redisFile("nodes: [a, b, named]", "sentinels: [a, b, c]", "password: env:P"),
        "11:21 error redis.hostname_not_resolved"),
    DiagnosticCase(
        "a host name that is resolved",
        redisFile("nodes: [a, b, named]", "sentinels: [a, b, c]", "password: env:P", "resolve_hostnames: true")),
    DiagnosticCase(
        "a public address", redisFile("nodes: [a, b, public]", "sentinels: [a, b, c]", "password: env:P"),
        "12:22 warning redis.public_address"),
    DiagnosticCase("TLS", goodRedisFile("tls: true")),
    DiagnosticCase(
        "TLS with files", goodRedisFile("tls: { ca: /a.crt, certificate: /n.crt, key: /n.key, clients: optional }")),
    DiagnosticCase("TLS of a strange kind", goodRedisFile("tls: 1.3"), "18:8 error topology.invalid_value"),
    DiagnosticCase("TLS in a list", goodRedisFile("tls: [true]"), "18:3 error topology.wrong_type"),
    DiagnosticCase(
        "TLS with a strange file", goodRedisFile("tls: { key: n.key }"), "18:15 error topology.invalid_value"),
    DiagnosticCase(
        "TLS with a strange key", goodRedisFile("tls: { cert: /n.crt }"), "18:10 error topology.unknown_key"),
    DiagnosticCase(
        "TLS with files on a local store", localFile + "redis: { tls: { key: /n.key } }\n",
        "4:22 error tls.made_here"),
    DiagnosticCase(
        "TLS on a local store", localFile + "redis: { tls: { clients: optional } }\nsidecar: { tls: true }\n"),
    DiagnosticCase(
        "TLS on unix sockets alone", localFile + "sidecar: { tls: true, listen: [unix:/s] }\n",
        "4:17 warning sidecar.tls_unused"),
    DiagnosticCase(
        "a public address with TLS",
        redisFile("nodes: [a, b, public]", "sentinels: [a, b, c]", "password: env:P", "tls: true")),
    DiagnosticCase("no TLS", goodRedisFile("tls: false")),

    // Memory and disk.
    DiagnosticCase(
        "an empty restart", goodRedisFile("role: cache", "persistence: off", "automatic_restart: true"),
        "20:22 error redis.empty_restart"),
    DiagnosticCase(
        "an empty restart of a cache that says nothing of persistence",
        goodRedisFile("role: cache", "automatic_restart: true"), "19:22 error redis.empty_restart"),
    DiagnosticCase("a cache on disk", goodRedisFile("role: cache", "persistence: aof", "automatic_restart: true")),
    DiagnosticCase(
        "a store without a disk", goodRedisFile("persistence: off"),
        "18:16 warning redis.store_without_persistence"),
    DiagnosticCase(
        "a store that evicts", goodRedisFile("maxmemory_policy: allkeys-lru"), "18:21 warning redis.store_evicts"),
    DiagnosticCase(
        "a cache that does not", goodRedisFile("role: cache", "maxmemory_policy: noeviction"),
        "19:21 warning redis.cache_does_not_evict"),
    DiagnosticCase("too little memory", goodRedisFile("maxmemory: 15MiB"), "18:14 error redis.maxmemory_too_small"),
    DiagnosticCase("just enough memory", goodRedisFile("maxmemory: 16MiB")),

    // Timers.
    DiagnosticCase("too hasty", goodRedisFile("down_after: 499ms"), "18:15 error redis.down_after"),
    DiagnosticCase("just not", goodRedisFile("down_after: 500ms"), "18:15 warning redis.down_after"),
    DiagnosticCase("hasty", goodRedisFile("down_after: 1999ms"), "18:15 warning redis.down_after"),
    DiagnosticCase("long enough for a Sentinel to reach the new master", goodRedisFile("down_after: 2s")),
    DiagnosticCase(
        "too patient", goodRedisFile("down_after: 31s", "failover_timeout: 60s"), "18:15 warning redis.down_after"),
    DiagnosticCase(
        "given up too early", goodRedisFile("failover_timeout: 4s"), "18:21 error redis.failover_timeout"),
    DiagnosticCase(
        "tried again too late", goodRedisFile("failover_timeout: 4m"), "18:21 warning redis.failover_timeout"),
    DiagnosticCase("a hang Sentinel sees first", goodRedisFile("hang_after: 5s"), "18:15 warning redis.hang_after"),
    DiagnosticCase("an impatient lag", goodRedisFile("min_replicas_max_lag: 1s"), "18:25 warning redis.max_lag"),

    // The sidecar.
    DiagnosticCase(
        "a store that degrades", goodFile("sidecar: { on_timeout: degrade }"),
        "18:24 error sidecar.degrade_needs_cache"),
    DiagnosticCase(
        "a cache that degrades",
        goodRedisFile("role: cache", "failover: assisted", "durable: [cart]") + "sidecar: { on_timeout: degrade }\n"),
    DiagnosticCase(
        "a hold no client waits for", goodFile("sidecar: { hold: 1s }"),
        "18:18 warning sidecar.hold_exceeds_client_timeout"),
    DiagnosticCase("a hold patient clients wait for", goodFile("sidecar: { hold: 5s, client_timeout: 10s }")),
    DiagnosticCase("no hold", goodFile("sidecar: { hold: 0s }")),
    DiagnosticCase(
        "a hold that bridges nothing", goodRedisFile("failover: sentinel") + "sidecar: { hold: 900ms }\n",
        "19:18 warning sidecar.hold_too_short"),
    DiagnosticCase(
        "a late fence", goodFile("sidecar: { self_fence: 5s }"), "18:24 error sidecar.self_fence"),
    DiagnosticCase(
        "an open door", goodFile("sidecar: { listen: [\"10.0.0.1:6400\"] }"),
        "18:21 error sidecar.open_without_password"),
    DiagnosticCase(
        "a guarded door", goodFile("sidecar: { listen: [\"10.0.0.1:6400\", \"127.0.0.1:1\"], password: env:P }")),
    DiagnosticCase(
        "two listeners on one address", goodFile("sidecar: { listen: [\":9122\"] }"),
        "18:21 error sidecar.listen_conflict"),
    DiagnosticCase("nowhere to listen", goodFile("sidecar: { listen: [] }"), "18:12 error topology.invalid_value"),
    DiagnosticCase(
        "a sidecar of nothing", "version: 1\nstore: s\nprovider: digitalocean\nsidecar: { hold: 1ms }\n",
        "4:1 error sidecar.without_redis"),
]

/// Regions and the sections whose commands come later.
let otherCases: [DiagnosticCase] = [
    DiagnosticCase(
        "a host in no region of the store",
        goodFile("regions: { primary: nyc3 }").replacing("10.0.0.2 }", with: "10.0.0.2, region: ams3 }"),
        "6:35 error hosts.region_unknown"),
    DiagnosticCase(
        "one region twice", goodFile("regions: { primary: nyc3, standby: nyc3 }"),
        "18:1 error regions.not_distinct"),
    DiagnosticCase(
        "nodes in two regions",
        goodFile("regions: { primary: nyc3, standby: ams3 }")
            .replacing(
                "10.0.0.1 }\n  b: { address: 10.0.0.2 }",
                with: "10.0.0.1, region: nyc3 }\n  b: { address: 10.0.0.2, region: ams3 }"),
        "15:3 warning redis.regions_mixed"),
    DiagnosticCase(
        "no address", goodFile("").replacing("{ address: 10.0.0.2 }", with: "{}"), "6:3 error hosts.address_missing"),
    DiagnosticCase(
        "every interface", goodFile("").replacing("10.0.0.2 }", with: "0.0.0.0 }"),
        "6:17 error hosts.address_invalid"),
    DiagnosticCase(
        "a local host elsewhere",
        localFile + "hosts: { a: { address: 10.0.0.1 }, b: {}, c: { address: 127.0.0.9 } }\n"
            + "redis: { nodes: [a, b, c], sentinels: [a, b, c], password: env:P }\nweb: { nodes: [b] }\n",
        "4:24 error hosts.address_not_loopback"),
    DiagnosticCase(
        "a host that is not there", redisFile("nodes: [a, b, cc]", "sentinels: [a, b, c]", "password: env:P"),
        "15:17 error hosts.unknown"),
    DiagnosticCase(
        "a database that is nowhere", goodFile("mysql: { database: shop }"), "18:1 error mysql.no_server"),
    DiagnosticCase(
        "a managed database without endpoint", goodFile("mysql: { managed: true }"), "18:1 error mysql.no_server"),
    DiagnosticCase("a database on a host", goodFile("mysql: { primary: d, replicas: [e] }")),
    DiagnosticCase("a database on no host", goodFile("mysql: { primary: z }"), "18:19 error hosts.unknown"),
    DiagnosticCase(
        "checks faster than the provider makes them",
        goodFile(
            "load_balancer: { forward: [{ from: http:80, to: http:80 }], health: { interval: 2s, timeout: 3s, healthy: 11 } }"
        ),
        "18:81 error load_balancer.bounds", "18:94 warning load_balancer.health_timing",
        "18:107 error load_balancer.bounds"),
    DiagnosticCase(
        "TLS that ends at a balancer without a certificate",
        goodFile("load_balancer: { nodes: [a], forward: [{ from: https:443, to: http:80 }] }"),
        "18:30 error load_balancer.no_certificate"),
    DiagnosticCase(
        "a shared outage that empties the balancer", goodFile("web: { nodes: [a], strict: [database] }"),
        "18:20 warning web.strict"),
    DiagnosticCase(
        "nowhere to fail over to", goodFile("region_failover: { mode: confirmed }"),
        "18:26 error region_failover.needs_standby"),
    DiagnosticCase("no failover", goodFile("region_failover: { mode: off }")),
    DiagnosticCase(
        "nobody to ask", goodFile("region_failover: { mode: automatic }\nregions: { primary: a, standby: b }"),
        "18:26 error region_failover.needs_witness"),
]
