// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is compiled with. The layers of docs/architecture.md are enforced by
/// `--explicit-target-dependency-import-check error`, which the Makefile passes to every build.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
]

extension Target.Dependency {
    static let argumentParser = Self.product(name: "ArgumentParser", package: "swift-argument-parser")
    static let asyncHTTPClient = Self.product(name: "AsyncHTTPClient", package: "async-http-client")
    static let asn1 = Self.product(name: "SwiftASN1", package: "swift-asn1")
    static let crypto = Self.product(name: "Crypto", package: "swift-crypto")
    static let cryptoExtras = Self.product(name: "CryptoExtras", package: "swift-crypto")
    static let deque = Self.product(name: "DequeModule", package: "swift-collections")
    static let grdb = Self.product(name: "GRDB", package: "GRDB.swift")
    static let hummingbird = Self.product(name: "Hummingbird", package: "hummingbird")
    static let logging = Self.product(name: "Logging", package: "swift-log")
    static let nioCore = Self.product(name: "NIOCore", package: "swift-nio")
    static let nioEmbedded = Self.product(name: "NIOEmbedded", package: "swift-nio")
    static let nioHTTP1 = Self.product(name: "NIOHTTP1", package: "swift-nio")
    static let nioPosix = Self.product(name: "NIOPosix", package: "swift-nio")
    static let nioTLS = Self.product(name: "NIOTLS", package: "swift-nio")
    static let nioSSL = Self.product(name: "NIOSSL", package: "swift-nio-ssl")
    static let serviceLifecycle = Self.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
    static let unixSignals = Self.product(name: "UnixSignals", package: "swift-service-lifecycle")
    static let subprocess = Self.product(name: "Subprocess", package: "swift-subprocess")
    static let x509 = Self.product(name: "X509", package: "swift-certificates")
    static let yams = Self.product(name: "Yams", package: "Yams")
}

let package = Package(
    name: "breakwater",
    products: [
        .executable(name: "breakwater", targets: ["breakwater"]),
        .executable(name: "breakwater-proxy", targets: ["breakwater-proxy"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.2.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // Layer 0: pure. No I/O, no clocks.
        .target(name: "Topology", dependencies: [.yams], swiftSettings: strict),
        .target(name: "Age", dependencies: [.crypto, .cryptoExtras], swiftSettings: strict),
        .target(name: "RESP", dependencies: [.nioCore], swiftSettings: strict),
        .target(name: "Rendering", dependencies: ["Topology"], swiftSettings: strict),

        .target(name: "Binlog", swiftSettings: strict),

        // The rows of a generated WooCommerce store, for drills and benchmarks.
        .target(name: "ShopRows", swiftSettings: strict),

        // Decisions only; the time is an argument.
        .target(name: "RecoveryCore", dependencies: ["Topology", "Binlog"], swiftSettings: strict),

        // Layer 1: clients.
        .target(
            name: "RedisClient",
            dependencies: [
                "RESP", "RecoveryCore", .crypto, .nioCore, .nioPosix, .nioSSL, .nioTLS, .nioHTTP1, .deque, .logging,
            ],
            swiftSettings: strict),

        // HTTP to the APIs of a cloud, and its object storage. The sidecar has none of it.
        .target(
            name: "CloudHTTP",
            dependencies: ["Topology", .asyncHTTPClient, .crypto, .nioCore, .nioPosix, .nioHTTP1, .nioSSL],
            swiftSettings: strict),
        .target(
            name: "ObjectStore",
            dependencies: ["CloudHTTP", "Topology", .crypto, .nioCore, .nioPosix, .nioHTTP1, .logging],
            swiftSettings: strict),

        // HAProxy's runtime socket.
        .target(name: "HAProxy", swiftSettings: strict),

        // What PHP-FPM speaks.
        .target(name: "FastCGI", dependencies: [.nioCore, .nioPosix], swiftSettings: strict),

        // Processes that nothing survives.
        .target(name: "Processes", swiftSettings: strict),

        // The certificates of a local store.
        .target(name: "Certificates", dependencies: [.x509, .crypto, .asn1], swiftSettings: strict),

        // MariaDB's client library, which must not reach the sidecar.
        .systemLibrary(name: "CMariaDB", pkgConfig: "libmariadb", providers: [.apt(["libmariadb-dev"])]),
        .target(
            name: "MySQLClient",
            dependencies: ["CMariaDB", "Topology", "RecoveryCore", "Binlog", .crypto, .cryptoExtras],
            swiftSettings: strict),

        // Where database servers are installed, and how an empty one is made.
        .target(name: "DatabaseServers", dependencies: ["RecoveryCore"], swiftSettings: strict),

        // What an agent remembers, in SQLite.
        .target(name: "StateStore", dependencies: ["RecoveryCore", .grdb], swiftSettings: strict),

        // Zstandard, for backups.
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),

        // Layer 2: jobs. They never import each other, except Drills, which drives a LocalStack.
        .target(
            name: "RedisProxy",
            dependencies: [
                "RESP", "RecoveryCore", "RedisClient", .nioCore, .nioPosix, .nioHTTP1, .nioSSL, .nioTLS, .deque,
                .logging, .serviceLifecycle,
            ],
            swiftSettings: strict),
        .target(
            name: "BackupEngine",
            dependencies: [
                "Topology", "RecoveryCore", "Age", "MySQLClient", "DatabaseServers", "ObjectStore", "Processes",
                "CZstd", "Binlog", "HAProxy",
                .crypto, .nioCore,
            ],
            swiftSettings: strict),
        // What is asked of an agent, and its answers, over a unix socket.
        .target(
            name: "ControlAPI",
            dependencies: [
                "RecoveryCore", .hummingbird, .asyncHTTPClient, .nioCore, .nioHTTP1, .nioPosix, .logging,
                .serviceLifecycle,
            ],
            swiftSettings: strict),
        // The jobs of a node: when, by whom, as children of this program, and what is to be said of them.
        .target(
            name: "Agent",
            dependencies: [
                "Topology", "RecoveryCore", "StateStore", "ObjectStore", "CloudHTTP", "Processes", .nioCore,
                .nioHTTP1, .logging, .serviceLifecycle,
            ],
            swiftSettings: strict),
        // How a web node is, for its load balancer.
        .target(
            name: "NodeHealth",
            dependencies: [
                "Certificates", "FastCGI", "MySQLClient", "RecoveryCore", "RESP", "RedisClient", .hummingbird, .logging,
                .nioCore, .nioHTTP1, .nioPosix, .serviceLifecycle,
            ],
            swiftSettings: strict),
        .target(
            name: "LocalStack",
            dependencies: [
                "Topology", "Rendering", "RecoveryCore", "Age", "RedisClient", "RESP", "MySQLClient", "DatabaseServers",
                "Certificates", "FastCGI", "Processes", "ShopRows", .nioCore, .nioPosix, .logging,
            ],
            resources: [
                .embedInCode("Shop/demo-shop.php"), .embedInCode("Shop/object-cache.php"),
                .embedInCode("Shop/install-shop.php"),
            ],
            swiftSettings: strict),
        .target(
            name: "Drills",
            dependencies: [
                "LocalStack", "Topology", "RedisClient", "RESP", "MySQLClient", "ShopRows", "HAProxy",
                .asyncHTTPClient, .nioCore, .nioHTTP1, .nioPosix, .logging, .subprocess,
            ],
            resources: [
                .embedInCode("Workload/worker.php"), .embedInCode("Ransom/object_store.py"),
                .embedInCode("Ransom/ransom.py"), .embedInCode("Report/HTML/report.css"),
            ],
            swiftSettings: strict),

        // Layer 3: composition.
        .target(
            name: "Commands",
            dependencies: [
                "Topology", "Rendering", "RecoveryCore", "RedisClient", "LocalStack", "Drills", "ShopRows",
                "BackupEngine", "Binlog", "Age", "Agent", "ControlAPI", "StateStore", "Processes",
                "CloudHTTP", "MySQLClient", "NodeHealth", "FastCGI", "HAProxy", "ObjectStore", .argumentParser,
                .logging, .nioCore,
                .serviceLifecycle, .unixSignals,
            ],
            swiftSettings: strict),
        .executableTarget(name: "breakwater", dependencies: ["Commands"], swiftSettings: strict),
        .executableTarget(
            name: "breakwater-proxy",
            dependencies: [
                "RedisProxy", "Topology", "RedisClient", .argumentParser, .logging, .serviceLifecycle, .unixSignals,
            ],
            swiftSettings: strict),
        // Measures the built programs from outside; see docs/performance.md.
        .executableTarget(
            name: "breakwater-bench",
            dependencies: [
                "LoopbackServers", "MySQLClient", "Age", "Topology", "ShopRows", .argumentParser,
            ],
            path: "Benchmarks/Sources", swiftSettings: strict),

        // Servers and a blocking client for tests and benchmarks.
        .target(
            name: "LoopbackServers", dependencies: ["DatabaseServers", "RecoveryCore", "RESP", .nioCore, .nioPosix],
            path: "Tests/LoopbackServers",
            swiftSettings: strict),

        .testTarget(name: "TopologyTests", dependencies: ["Topology"], swiftSettings: strict),
        .testTarget(
            name: "BackupEngineTests",
            dependencies: [
                "BackupEngine", "DatabaseServers", "RecoveryCore", "MySQLClient", "ObjectStore", "LoopbackServers",
                .crypto,
                .nioCore,
            ],
            swiftSettings: strict),
        .testTarget(name: "CertificatesTests", dependencies: ["Certificates"], swiftSettings: strict),
        .testTarget(
            name: "RecoveryCoreTests", dependencies: ["RecoveryCore", "Binlog", "Topology", "LoopbackServers"],
            swiftSettings: strict),
        .testTarget(name: "FastCGITests", dependencies: ["FastCGI", .nioCore], swiftSettings: strict),
        .testTarget(name: "BinlogTests", dependencies: ["Binlog"], swiftSettings: strict),
        .testTarget(name: "AgeTests", dependencies: ["Age", "LoopbackServers"], swiftSettings: strict),
        .testTarget(
            name: "CloudHTTPTests",
            dependencies: ["CloudHTTP", "LoopbackServers", "Topology", .crypto, .nioCore, .nioHTTP1],
            swiftSettings: strict),
        .testTarget(
            name: "ObjectStoreTests",
            dependencies: ["ObjectStore", "CloudHTTP", "LoopbackServers", "Topology", .nioCore, .nioHTTP1, .logging],
            swiftSettings: strict),
        .testTarget(
            name: "ContractTests",
            dependencies: [
                "ObjectStore", "CloudHTTP", "Certificates", "LoopbackServers", "Topology", .crypto, .nioCore, .nioHTTP1,
                .logging,
            ],
            swiftSettings: strict),
        .testTarget(name: "HAProxyTests", dependencies: ["HAProxy"], swiftSettings: strict),
        .testTarget(name: "RESPTests", dependencies: ["RESP", .nioCore], swiftSettings: strict),
        .testTarget(
            name: "RenderingTests", dependencies: ["Rendering", "Topology"], exclude: ["Golden"], swiftSettings: strict),
        .testTarget(
            name: "RedisClientTests",
            dependencies: [
                "RedisClient", "RecoveryCore", "RESP", "Certificates", .nioCore, .nioPosix, .nioSSL, .logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "MySQLClientTests", dependencies: ["MySQLClient", "RecoveryCore", "Topology"], swiftSettings: strict),
        .testTarget(
            name: "RedisProxyTests",
            dependencies: [
                "RedisProxy", "RecoveryCore", "RedisClient", "RESP", .nioCore, .nioEmbedded, .nioHTTP1, .nioPosix,
                .logging,
            ],
            swiftSettings: strict),
        .testTarget(
            name: "ProxyProgramTests",
            dependencies: ["breakwater-proxy", "RedisProxy", "RedisClient", "Certificates", .argumentParser],
            swiftSettings: strict),
        .testTarget(
            name: "BenchmarkTests", dependencies: ["breakwater-bench", "LoopbackServers"], swiftSettings: strict),
        .testTarget(
            name: "CommandsTests", dependencies: ["Commands", "HAProxy", "RecoveryCore", "Topology", .argumentParser],
            swiftSettings: strict),
        .testTarget(
            name: "LocalStackTests",
            dependencies: ["LocalStack", "RedisClient", "RESP", "MySQLClient", "Topology", "Rendering", .nioCore],
            swiftSettings: strict),
        .testTarget(
            name: "DrillsTests",
            dependencies: ["Drills", "MySQLClient", "Topology", "RedisClient", "RESP", "ShopRows", .nioCore],
            swiftSettings: strict),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "Age", "Certificates", "LocalStack", "Drills", "Rendering", "RecoveryCore", "RedisProxy", "Topology",
                "RedisClient", "RESP", "MySQLClient", "BackupEngine", "Binlog", "CloudHTTP", "ObjectStore",
                "LoopbackServers",
                "FastCGI", "NodeHealth", "HAProxy", .asyncHTTPClient, .serviceLifecycle,
                "breakwater-proxy",
                .logging, .nioCore, .nioHTTP1, .nioPosix, .nioSSL, .subprocess, .crypto,
            ],
            exclude: ["Backup/Format1"], swiftSettings: strict),
    ]
)
