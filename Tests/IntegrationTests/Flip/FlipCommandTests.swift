import BackupEngine
import Foundation
import HAProxy
import LoopbackServers
import MySQLClient
import Testing
import Topology

extension BackupTests {
    /// `restore --flip` with a real server and real pages.
    @Suite struct Flips {
        private static let restore = ["restore", "--identity", "key.txt", "--settle", "500ms", "--json"]

        private static func backUp(_ flipped: FlippedShop) async throws {
            let made = try await flipped.program.run(["backup", "create", "--json"], flipped.shop.environment)
            try #require(made.status == 0, "\(made.errors)")
        }

        /// Shoppers see the old database, then a closed shop, then the new one, and no order goes to the old one after.
        @Test(.timeLimit(.minutes(2))) func shoppersSeeOneDatabaseAfterTheOther() async throws {
            try await FlippedShop.with { flipped in
                try await Self.backUp(flipped)
                chmod(flipped.endpointFile, 0o640)
                let running = try flipped.program.start(Self.restore + ["--flip"], flipped.shop.environment)
                var seen: [String] = []
                while running.process.isRunning { seen.append(try await flipped.visit()) }
                let outcome = try await running.outcome()
                #expect(outcome.status == 0, "\(outcome.errors)")
                let document = try outcome.document()
                let database = try #require(document["database"] as? String)
                let flip = try #require(document["flip"] as? [String: Any])
                #expect(flip["switched"] as? Bool == true && flip["nodes"] as? [String] == ["web-1"])
                #expect(flip["closed_ms"] as? Int ?? 0 >= 1_000)
                for _ in 0..<3 { seen.append(try await flipped.visit()) }
                let changes = seen.reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
                #expect(changes == [flipped.shop.name, "503", database], "\(changes)")
                #expect(try await flipped.orders(in: flipped.shop.name) == seen.count { $0 == flipped.shop.name })
                #expect(try await flipped.orders(in: database) == seen.count { $0 == database })
                #expect(!flipped.isClosed && flipped.endpoint.contains("'\(database)'"))
                let mode = try FileManager.default.attributesOfItem(atPath: flipped.endpointFile)[.posixPermissions]
                #expect(mode as? Int == 0o640)

                // And back, without a restore.
                let back = try await flipped.program.run(
                    ["restore", "--flip-only", "--to", flipped.shop.url, "--settle", "0s", "--json"],
                    flipped.shop.environment)
                #expect(back.status == 0, "\(back.errors)")
                #expect(try await flipped.visit() == flipped.shop.name)
            }
        }

        /// A database that is none of a shop's, an endpoint file with more in it, a shop that is closed by others.
        @Test func whatIsRefused() async throws {
            try await FlippedShop.with { flipped in
                let only = ["restore", "--flip-only", "--settle", "0s", "--json", "--to"]
                let empty = "\(flipped.shop.name)_empty"
                try await flipped.shop.server.run("CREATE DATABASE `\(empty)`")
                let unfit = flipped.shop.url.replacing("/\(flipped.shop.name)?", with: "/\(empty)?")
                func run(_ url: String) async throws -> BreakwaterProgram.Outcome {
                    try await flipped.program.run(only + [url], flipped.shop.environment)
                }
                let before = flipped.endpoint
                let none = try await run(unfit)
                #expect(none.status == 1)
                #expect(try none.code() == "flip.unfit", "\(none.errors)")
                try flipped.put("<?php $upgrading = \(Int(Date().timeIntervalSince1970));", to: "site/.maintenance")
                let closed = try await run(flipped.shop.url)
                #expect(closed.status == 3)
                #expect(try closed.code() == "flip.under_maintenance")
                #expect(flipped.isClosed)
                // WordPress itself takes it for over.
                try flipped.put("<?php $upgrading = 1700000000; ?>", to: "site/.maintenance")
                #expect(try await run(flipped.shop.url).status == 0)
                #expect(!flipped.isClosed)
                try flipped.put(before + "define('DB_PASSWORD', 'x');\n", to: "database.php")
                let more = try await run(flipped.shop.url)
                #expect(more.status == 3)
                #expect(try more.code() == "flip.foreign_endpoint")
                try FileManager.default.removeItem(atPath: flipped.endpointFile)
                #expect(try await run(flipped.shop.url).code() == "flip.no_endpoint")
                #expect(!flipped.isClosed)
                try await flipped.shop.server.run("DROP DATABASE `\(empty)`")
            }
        }

        @Test func otherWebServersAreForPeople() async throws {
            try await FlippedShop.with(
                nodes: "web-1: { address: 127.0.0.1 }, web-2: { address: 10.255.255.1 }"
            ) { flipped in
                let only = ["restore", "--flip-only", "--settle", "0s", "--json", "--to", flipped.shop.url]
                let refused = try await flipped.program.run(only, flipped.shop.environment)
                #expect(refused.status == 3)
                #expect(try refused.code() == "flip.other_nodes")
                #expect(refused.errors.contains("--without web-2"))
                // The other one could not reach this machine's loopback.
                let loopback = try await flipped.program.run(only + ["--without", "web-2"], flipped.shop.environment)
                #expect(try loopback.code() == "flip.loopback", "\(loopback.errors)")
            }
        }

        /// Stopped in its middle, by Ctrl-C and by `kill -9`.
        @Test(.timeLimit(.minutes(2))) func interruptedAndKilled() async throws {
            try await FlippedShop.with { flipped in
                let other = "\(flipped.shop.name)_other"
                try await flipped.shop.server.run("CREATE DATABASE `\(other)`")
                for table in ["wp_posts", "wp_options", "wp_users"] {
                    try await flipped.shop.server.run(
                        "CREATE TABLE `\(other)`.\(table) AS SELECT * FROM `\(flipped.shop.name)`.\(table)")
                }
                let url = flipped.shop.url.replacing("/\(flipped.shop.name)?", with: "/\(other)?")
                let only = ["restore", "--flip-only", "--settle", "60s", "--json", "--to", url]
                for signal in [SIGINT, SIGKILL] {
                    let running = try flipped.program.start(only, flipped.shop.environment)
                    try await eventually("the shop is closed") { flipped.isClosed }
                    #expect(try await flipped.visit() == "503")
                    let second = try await flipped.program.run(only, flipped.shop.environment)
                    #expect(second.status == 3)
                    #expect(try second.code() == "flip.busy")
                    running.kill(signal)
                    let outcome = try await running.end()
                    #expect(outcome.status == (signal == SIGINT ? 130 : -SIGKILL), "\(outcome.errors)")
                    #expect(flipped.isClosed == (signal == SIGKILL))
                }
                // What was left is undone first, then it is done.
                let again = try await flipped.program.run(
                    ["restore", "--flip-only", "--settle", "0s", "--to", url], flipped.shop.environment)
                #expect(again.status == 0 && again.errors.contains("never finished"), "\(again.errors)")
                #expect(try await flipped.visit() == other)
                try await flipped.shop.server.run("DROP DATABASE `\(other)`")
            }
        }

        /// Found when all is switched: HAProxy's own check of the new place fails. Everything is as before then.
        @Test(.timeLimit(.minutes(2))) func aCheckThatFailsIsUndone() async throws {
            let both = "endpoint_file: ENDPOINT\n  haproxy: { socket: FOLDER/admin.sock, server: mysql/primary }"
            try await FlippedShop.with(mysql: both) { flipped in
                let place = flipped.shop.server.place
                let (haproxy, _) = try await flipped.startHAProxy("127.0.0.1:9 check port 9 inter 100ms")
                defer { haproxy.stop() }
                let before = flipped.endpoint
                let failed = try await flipped.program.run(
                    ["restore", "--flip-only", "--settle", "0s", "--json", "--to", flipped.shop.url],
                    flipped.shop.environment)
                #expect(failed.status == 1)
                #expect(try failed.code() == "flip.undone", "\(failed.errors)")
                #expect(failed.errors.contains("its endpoint is switched back") && !flipped.isClosed)
                let socket = HAProxySocket(path: "\(flipped.program.folder.path)/admin.sock")
                let server = try socket.server("mysql/primary")
                #expect(server.address == "127.0.0.1" && server.port == 9)
                // In our own words from now on; it says the same.
                #expect(before.contains("\(place.address):\(place.port)"))
                #expect(flipped.endpoint.contains("'DB_HOST', '\(place.address):\(place.port)'"))
                #expect(try await flipped.visit() == flipped.shop.name)
            }
        }

        /// `kill -9` at random moments, and the same command once more: the shop is open, on the database that was meant.
        @Test(.timeLimit(.minutes(3))) func killedAtRandomMoments() async throws {
            try await FlippedShop.with { flipped in
                let other = "\(flipped.shop.name)_other"
                try await flipped.shop.server.run("CREATE DATABASE `\(other)`")
                for table in ["wp_posts", "wp_options", "wp_users"] {
                    try await flipped.shop.server.run(
                        "CREATE TABLE `\(other)`.\(table) AS SELECT * FROM `\(flipped.shop.name)`.\(table)")
                }
                let urls = [flipped.shop.name, other].map { name in
                    (name, flipped.shop.url.replacing("/\(flipped.shop.name)?", with: "/\(name)?"))
                }
                for round in 0..<12 {
                    let (name, url) = urls[(round + 1) % 2]
                    let arguments = ["restore", "--flip-only", "--settle", "40ms", "--to", url]
                    let running = try flipped.program.start(arguments, flipped.shop.environment)
                    try await Task.sleep(for: .milliseconds(.random(in: 20...220)))
                    running.kill(SIGKILL)
                    try await running.ended()
                    // Whatever it had come to, a page is refused or is of one of the two.
                    #expect([flipped.shop.name, other, "503"].contains(try await flipped.visit()))
                    let again = try await flipped.program.run(arguments, flipped.shop.environment)
                    #expect(again.status == 0, "\(round): \(again.errors)")
                    #expect(try await flipped.visit() == name)
                    #expect(!flipped.isClosed)
                }
                try await flipped.shop.server.run("DROP DATABASE `\(other)`")
            }
        }

        /// HAProxy's server goes elsewhere, and connections that are there end.
        @Test(.timeLimit(.minutes(2))) func behindHAProxy() async throws {
            try await FlippedShop.with(
                mysql: "haproxy: { socket: FOLDER/admin.sock, server: mysql/primary }"
            ) { flipped in
                let (haproxy, front) = try await flipped.startHAProxy("127.0.0.1:9")
                defer { haproxy.stop() }
                let flip = ["restore", "--flip-only", "--settle", "0s", "--json", "--to"]
                let done = try await flipped.program.run(flip + [flipped.shop.url], flipped.shop.environment)
                #expect(done.status == 0, "\(done.errors)")
                var through = flipped.shop.root
                through.address.host = front.address
                through.address.port = Int(front.port)
                let name = try await MySQLConnection.with(through) { try await $0.query("SELECT DATABASE()").text() }
                #expect(name == flipped.shop.name)
                // HAProxy does not change the name that the shop asks for.
                let other = flipped.shop.url.replacing("/\(flipped.shop.name)?", with: "/other?")
                let refused = try await flipped.program.run(flip + [other], flipped.shop.environment)
                #expect(refused.status == 3)
                #expect(try refused.code() == "flip.other_name")
            }
        }
    }
}
