import ArgumentParser
import Foundation
import LoopbackServers
import MySQLClient
import Topology

/// `breakwater-bench health`
struct HealthBenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health",
        abstract: "Measures the health endpoint beside PHP pages under nginx and PHP-FPM, in one run on one machine.",
        discussion: """
            Eight clients keep their connections and ask as fast as they can. One PHP page says OK, as tutorials have it; \
            the other one looks at Redis and the database first. /healthz looks at the same two, and at PHP-FPM, the web \
            server, folders and the disk, in the background: how often is counted at the servers, idle and under load.
            """)

    @Option(help: "How many times each is asked.")
    var rounds = 5

    @Option(help: "How long each time.")
    var seconds = 3.0

    @Option(help: "How many clients there are.")
    var clients = 8

    @Option(help: "The results go to this JSON file.")
    var output: String?

    struct Contestant: Codable {
        var name: String
        var requestsPerSecond: Summary
        var p50Ms: Summary
        var p99Ms: Summary
    }

    struct Checks: Codable {
        /// PINGs that Redis was sent, and connections that the database took, in so many seconds.
        var redisPings: Int
        var databaseConnections: Int
        var seconds: Double
    }

    struct Report: Codable {
        var date: String
        var clients: Int
        var rounds: Int
        var contestants: [Contestant]
        /// `/healthz` divided by the page, round by round.
        var ratios: [String: Summary]
        var checksIdle: Checks
        var checksUnderLoad: Checks
    }

    func run() async throws {
        #if DEBUG
        FileHandle.standardError.write(Data("this is a debug build: its figures say nothing\n".utf8))
        #endif
        let scene = try HealthScene()
        var figures: [String: [HTTPClients.Figures]] = [:]
        for round in 1...rounds {
            for (name, port, path) in scene.questions {
                let load = HTTPClients(host: scene.host, port: port, path: path, count: clients)
                let result = try load.run(seconds: seconds)
                figures[name, default: []].append(result)
                print("round \(round): \(name) \(Int(result.requestsPerSecond))/s, p99 \(result.p99Ms) ms")
            }
        }
        let idle = try await scene.checks(during: 10) {}
        let busy = try await scene.checks(during: 10) {
            let load = HTTPClients(host: scene.host, port: scene.healthPort, path: "/healthz", count: clients)
            _ = try? load.run(seconds: 10)
        }
        let contestants = scene.questions.compactMap { name, _, _ in
            figures[name].map { all in
                Contestant(
                    name: name, requestsPerSecond: Summary(all.map(\.requestsPerSecond)),
                    p50Ms: Summary(all.map(\.p50Ms)), p99Ms: Summary(all.map(\.p99Ms)))
            }
        }
        let own = figures[HealthScene.own]?.map(\.requestsPerSecond) ?? []
        var ratios: [String: Summary] = [:]
        for (name, all) in figures where name != HealthScene.own {
            ratios[name] = Summary(zip(own, all).map { $0 / $1.requestsPerSecond })
        }
        let report = Report(
            date: Date.now.formatted(.iso8601), clients: clients, rounds: rounds, contestants: contestants,
            ratios: ratios, checksIdle: idle, checksUnderLoad: busy)
        for contestant in contestants {
            print(
                "\(contestant.name): \(Int(contestant.requestsPerSecond.median))/s, "
                    + "p50 \(contestant.p50Ms.median) ms, p99 \(contestant.p99Ms.median) ms")
        }
        for (name, ratio) in ratios { print("\(HealthScene.own) / \(name): \(ratio.median)") }
        print("checks in 10 s: idle \(idle), under load \(busy)")
        guard let output else { return }
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try encoder.encode(report).write(to: URL(filePath: output))
    }
}

/// Everything that is asked, on loopback.
final class HealthScene {
    static let own = "healthz"

    let host: String
    let healthPort: UInt16
    let questions: [(name: String, port: UInt16, path: String)]
    private let folder: String
    private let database: LoopbackDatabase
    private let redisPlace: LoopbackPlace
    private var servers: [ServerProcess] = []
    private let fpm: PHPFPM

    init() throws {
        folder = "/tmp/bw-health-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let address = LoopbackPlace.randomNetwork() + ".1"
        let (web, health) = (try LoopbackPlace(address: address), try LoopbackPlace(address: address))
        (host, healthPort) = (address, health.port)
        redisPlace = try LoopbackPlace(address: address, socketPath: "\(folder)/redis.sock")
        database = try LoopbackDatabase(.mariadb)
        fpm = try PHPFPM(in: folder, workers: 8)
        questions = [
            (Self.own, health.port, "/healthz"), ("php_page", web.port, "/ok.php"),
            ("php_page_with_checks", web.port, "/checks.php"),
        ]
        servers.append(try ServerProcess.redis(at: redisPlace, in: URL(filePath: folder)))
        try fpm.write("<?php http_response_code(200); echo 'OK';\n", as: "ok.php")
        try fpm.write(
            """
            <?php
            $redis = new Redis();
            $redis->connect('\(address)', \(redisPlace.port), 1);
            $redis->ping();
            $db = new mysqli('\(database.place.address)', 'root', '', '', \(database.place.port));
            $db->query('SELECT 1');
            echo 'OK';

            """, as: "checks.php")
        try FileManager.default.createDirectory(
            atPath: "\(fpm.root)/wp-content/uploads", withIntermediateDirectories: true)
        try startNginx(web)
        try startAgent(health, web)
        for (name, port, path) in questions {
            let load = HTTPClients(host: host, port: port, path: path, count: 1)
            let deadline = ContinuousClock.now + .seconds(30)
            while (try? load.run(seconds: 0.05)) == nil {
                guard ContinuousClock.now < deadline else { throw LoopbackError("\(name) does not answer") }
                usleep(50_000)
            }
        }
    }

    deinit {
        for server in servers { server.stop() }
        fpm.process.stop()
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func startNginx(_ place: LoopbackPlace) throws {
        let text = """
            worker_processes 2;
            pid \(folder)/nginx.pid;
            \(NSUserName() == "root" ? "user root;" : "")
            events { worker_connections 512; }
            http {
                access_log off;
                client_body_temp_path \(folder)/b; fastcgi_temp_path \(folder)/f; proxy_temp_path \(folder)/p;
                scgi_temp_path \(folder)/s; uwsgi_temp_path \(folder)/u;
                server {
                    listen \(place.address):\(place.port);
                    root \(fpm.root);
                    location = /breakwater-live { return 204; }
                    location ~ \\.php$ {
                        include /etc/nginx/fastcgi_params;
                        fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                        fastcgi_pass unix:\(fpm.socket);
                    }
                }
            }

            """
        try text.write(toFile: "\(folder)/nginx.conf", atomically: true, encoding: .utf8)
        servers.append(
            try ServerProcess(
                ["nginx", "-e", "\(folder)/nginx.err", "-c", "\(folder)/nginx.conf", "-g", "daemon off;"],
                log: URL(filePath: "\(folder)/nginx.log")))
    }

    private func startAgent(_ place: LoopbackPlace, _ web: LoopbackPlace) throws {
        let program = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: "breakwater")
        servers.append(
            try ServerProcess(
                [
                    program.path, "agent", "health", "--listen", "\(place.address):\(place.port)", "--php-fpm",
                    "unix:\(fpm.socket)", "--web-server", "\(web.address):\(web.port)", "--docroot", fpm.root,
                    "--redis", "\(redisPlace.address):\(redisPlace.port)", "--database",
                    "mysql://root@\(database.place.address):\(database.place.port)/mysql?tls=off", "--drain-file",
                    "\(folder)/drain", "--log-level", "warning",
                ], log: URL(filePath: "\(folder)/agent.log")))
    }

    /// What the two servers were asked meanwhile, apart from this question itself.
    func checks(during seconds: Double, _ body: () -> Void) async throws -> HealthBenchCommand.Checks {
        let before = try await counts()
        let begin = DispatchTime.now().uptimeNanoseconds
        body()
        let left = seconds - Double(DispatchTime.now().uptimeNanoseconds - begin) / 1e9
        if left > 0 { try await Task.sleep(for: .seconds(left)) }
        let after = try await counts()
        return HealthBenchCommand.Checks(
            redisPings: after.pings - before.pings, databaseConnections: after.connections - before.connections - 1,
            seconds: seconds)
    }

    private func counts() async throws -> (pings: Int, connections: Int) {
        let redis = try BlockingConnection(host: redisPlace.address, port: redisPlace.port)
        let text = String(decoding: try redis.call("INFO", "commandstats"), as: UTF8.self)
        let pings = text.split(separator: "cmdstat_ping:calls=").dropFirst().first?.prefix { $0.isNumber }
        var address = MySQLAddress(host: database.place.address, port: Int(database.place.port))
        (address.user, address.tls) = ("root", .off)
        let connections = try await MySQLConnection.with(MySQLSettings(address: address)) { connection in
            try await connection.query("SHOW GLOBAL STATUS LIKE 'Connections'").text(0, 1)
        }
        return (pings.flatMap { Int($0) } ?? 0, connections.flatMap { Int($0) } ?? 0)
    }
}
