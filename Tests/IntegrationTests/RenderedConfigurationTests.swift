import Foundation
import LoopbackServers
import Rendering
import Testing
import Topology

/// Real servers run from the rendered files.
@Suite struct RenderedConfigurationTests {
    /// A cache: nothing on disk. A store: append-only file.
    @Test(arguments: [("cache", ServerFlavour.redis), ("store", .redis), ("store", .valkey8), ("cache", .valkey9)])
    func realServersFormAServiceAndFailOver(_ role: String, flavour: ServerFlavour) async throws {
        let cluster = try RenderedCluster(role: role, flavour: flavour)
        defer { cluster.remove() }
        try cluster.start()

        try await cluster.expect("a quorum of three Sentinels and two replicas", of: "sentinel-1") { answers in
            answers(["SENTINEL", "CKQUORUM", "mymaster"]).hasPrefix("+OK 3 usable Sentinels")
        }
        try await cluster.expect("two replicas that follow", of: "redis-1") { answers in
            answers(["ROLE"]).contains("master") && answers(["INFO", "replication"]).contains("connected_slaves:2")
        }
        // The file's own settings are in force, not the server's defaults.
        let settings = try cluster.call("redis-2", ["CONFIG", "GET", "m*"])
        #expect(settings.contains("min-replicas-to-write\r\n$1\r\n1\r\n"))
        #expect(settings.contains(role == "cache" ? "allkeys-lru" : "noeviction"))
        try await cluster.expect("a durable write", of: "redis-1") { answers in
            answers(["SET", "k", "v"]) == "+OK\r\n" && answers(["WAIT", "2", "1000"]) == ":2\r\n"
        }

        #expect(try cluster.call("sentinel-2", ["SENTINEL", "FAILOVER", "mymaster"]) == "+OK\r\n")
        try await cluster.expect("the old master as a replica", of: "redis-1") { answers in
            answers(["ROLE"]).contains("slave") && answers(["INFO", "replication"]).contains("master_link_status:up")
        }
        let master = try #require(["redis-2", "redis-3"].first { try cluster.call($0, ["ROLE"]).contains("master") })
        #expect(try cluster.call(master, ["GET", "k"]) == "$1\r\nv\r\n")

        // What the servers wrote into their copies survives a new rendering.
        let files = cluster.files
        let old = try #require(files.first { $0.path == "redis-1/redis/redis.conf" })
        let address = try #require(cluster.topology.address(of: master))
        #expect(!old.contents.contains("\nreplicaof "))
        #expect(try cluster.merged(old).contains("\nreplicaof \(address) 6379\n"))
        let witness = try #require(files.first { $0.path == "sentinel-1/sentinel/sentinel.conf" })
        try await cluster.expect("a Sentinel that has written down the new master", of: "sentinel-1") { _ in
            (try? cluster.merged(witness).contains("\nsentinel monitor mymaster \(address) 6379 2\n")) == true
        }
        #expect(try cluster.merged(witness).contains("\nsentinel myid "))

        // And the servers accept the merged files.
        try cluster.restart("sentinel-1", with: witness)
        try await cluster.expect("the restarted Sentinel's quorum, at the new master", of: "sentinel-1") { answers in
            answers(["SENTINEL", "CKQUORUM", "mymaster"]).hasPrefix("+OK 3 usable Sentinels")
                && answers(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"]).contains(address)
        }
        try cluster.restart("redis-1", with: old)
        try await cluster.expect("the restarted node as a replica", of: "redis-1") { answers in
            answers(["INFO", "replication"]).contains("master_link_status:up")
                && answers(["GET", "k"]) == "$1\r\nv\r\n"
        }

        if flavour == .valkey9 { try await failOverCoordinated(cluster, from: master) }
        // Neither Sentinels nor replicas were refused anything; Redis 7.0 does not count that yet.
        for node in ["redis-1", "redis-2", "redis-3"] where flavour != .redis {
            #expect(try cluster.call(node, ["INFO", "stats"]).contains("acl_access_denied_cmd:0\r\n"), "\(node)")
        }
    }

    /// Valkey 9's coordinated failover: the master pauses writes, waits for a replica and gives its role away.
    private func failOverCoordinated(_ cluster: RenderedCluster, from master: String) async throws {
        try await cluster.expect("a coordinated failover that begins", of: "sentinel-2") { answers in
            answers(["SENTINEL", "FAILOVER", "mymaster", "COORDINATED"]) == "+OK\r\n"
        }
        try await cluster.expect("the master as a replica", of: master) { answers in
            answers(["ROLE"]).contains("slave") && answers(["INFO", "replication"]).contains("master_link_status:up")
        }
        let next = try #require(
            ["redis-1", "redis-2", "redis-3"].first { try cluster.call($0, ["ROLE"]).contains("master") })
        let address = try #require(cluster.topology.address(of: next))
        try await cluster.expect("the next master's address", of: "sentinel-1") { answers in
            answers(["SENTINEL", "GET-MASTER-ADDR-BY-NAME", "mymaster"]).contains(address)
        }
        // And it takes writes.
        try await cluster.expect("a durable write", of: next) { answers in
            answers(["SET", "k", "w"]) == "+OK\r\n" && answers(["WAIT", "1", "1000"]) != ":0\r\n"
        }
    }

    @Test(arguments: ServerFlavour.all) func usersMayDoTheirWorkAndNothingElse(flavour: ServerFlavour) async throws {
        let cluster = try RenderedCluster(role: "cache", flavour: flavour)
        defer { cluster.remove() }
        try cluster.start(["redis-1", "redis-2"])
        try await cluster.expect("a replica", of: "redis-1") { answers in
            answers(["INFO", "replication"]).contains("connected_slaves:1")
        }
        let application: [[String]] = [
            ["SET", "a", "1"], ["GET", "a"], ["MGET", "a", "b"], ["SETEX", "b", "9", "1"], ["INCRBY", "n", "2"],
            ["SET", "c", "1", "NX", "EX", "9"], ["DEL", "c"], ["SCAN", "0"], ["KEYS", "*"], ["INFO"], ["PING"],
            ["ROLE"], ["ZADD", "z", "1", "m"], ["SORT", "z", "BY", "nosort"],
            ["EVAL", "return redis.call('del', 'a')", "0"],
            ["PUBLISH", "p", "m"], ["WAIT", "0", "1"], ["CLIENT", "SETNAME", "x"], ["SELECT", "3"], ["ACL", "WHOAMI"],
            ["MULTI"], ["DISCARD"], ["FLUSHDB"], ["FLUSHDB", "ASYNC"], ["BLPOP", "q", "0.01"],
            ["OBJECT", "FREQ", "nokey"],
        ]
        let administrative: [[String]] = [
            ["CONFIG", "SET", "maxmemory", "1"], ["SHUTDOWN"], ["FLUSHALL"], ["MONITOR"], ["SWAPDB", "0", "1"],
            ["ACL", "SETUSER", "x"], ["SAVE"], ["PSYNC", "?", "-1"], ["MODULE", "LIST"], ["FAILOVER"],
        ]
        for user in ["default", "app", "breakwater"] {
            for command in application {
                let answer = try cluster.call("redis-1", command, user: user)
                #expect(!answer.hasPrefix("-NOPERM"), "\(user): \(command)")
            }
            for command in administrative {
                let answer = try cluster.call("redis-1", command, user: user)
                #expect(answer.hasPrefix("-NOPERM"), "\(user): \(command) answered \(answer)")
            }
        }
        // DEBUG is off in the server itself, before it looks at the user.
        #expect(try cluster.call("redis-1", ["DEBUG", "SLEEP", "0"]).hasPrefix("-"))
        for command in [["REPLICAOF", "NO", "ONE"], ["CLIENT", "LIST"], ["CONFIG", "GET", "maxmemory"]] {
            #expect(try cluster.call("redis-1", command, user: "app").hasPrefix("-NOPERM"), "app: \(command)")
            let answer = try cluster.call("redis-1", command, user: "breakwater")
            #expect(!answer.hasPrefix("-"), "breakwater: \(command) answered \(answer)")
        }
        let allowed: [String: [[String]]] = [
            "sentinel": [
                ["PING"], ["INFO"], ["ROLE"], ["PUBLISH", "__sentinel__:hello", "x"],
                ["SUBSCRIBE", "__sentinel__:hello"],
                ["MULTI"], ["CLIENT", "SETNAME", "x"], ["CONFIG", "REWRITE"],
            ],
            "replica": [["PING"], ["REPLCONF", "capa", "eof"]],
            "operator": [
                ["PING"], ["CONFIG", "SET", "maxmemory", "33554432"], ["CONFIG", "GET", "maxmemory"],
                ["CONFIG", "REWRITE"],
            ],
        ]
        let refused: [String: [[String]]] = [
            "sentinel": [["CONFIG", "SET", "dir", "/"], ["CONFIG", "GET", "*"], ["CLIENT", "LIST"], ["FLUSHALL"]],
            "replica": [["INFO"], ["ROLE"], ["REPLICAOF", "NO", "ONE"], ["CONFIG", "REWRITE"], ["FLUSHALL"]],
            "operator": [["REPLICAOF", "NO", "ONE"], ["FLUSHALL"], ["CLIENT", "LIST"]],
        ]
        for (user, commands) in allowed {
            for command in commands {
                let answer = try cluster.call("redis-1", command, user: user)
                #expect(!answer.hasPrefix("-"), "\(user): \(command) answered \(answer)")
            }
            let data = [["GET", "a"], ["SET", "a", "1"], ["KEYS", "*"], ["EVAL", "return 1", "0"]]
            for command in data + [["SHUTDOWN"], ["ACL", "SETUSER", "x"]] + (refused[user] ?? []) {
                let answer = try cluster.call("redis-1", command, user: user)
                #expect(answer.hasPrefix("-NOPERM"), "\(user): \(command) answered \(answer)")
            }
        }
        // What would write files elsewhere is closed to CONFIG SET as such (enable-protected-configs).
        #expect(try cluster.call("redis-1", ["CONFIG", "SET", "dir", "/tmp"], user: "operator").hasPrefix("-ERR"))
        #expect(try cluster.callWithoutPassword("redis-1", ["GET", "a"]).hasPrefix("-NOAUTH"))
    }

    /// `systemd-analyze` knows every key, and complains about those it does not know.
    @Test func systemdAcceptsTheUnits() throws {
        try #require(
            FileManager.default.isExecutableFile(atPath: "/usr/bin/systemd-analyze"),
            "systemd is missing: sudo apt-get install -y systemd")
        let text = """
            version: 1
            store: shop
            provider: digitalocean
            hosts:
              a: { address: 10.0.0.1 }
              b: { address: 10.0.0.2 }
              c: { address: 10.0.0.3 }
            redis: { nodes: [a, b, c], sentinels: [a, b, c], password: env:P, role: ROLE }
            sidecar: { nodes: [a], listen: [unix:/run/breakwater/redis.sock, ":6380", "10.0.0.1:6381"], password: env:Q }
            web: { nodes: [a], docroot: /srv/shop }

            """
        for role in ["cache", "store"] {
            let reading = StoreTopology.read(text: text.replacing("ROLE", with: role), file: "f")
            let topology = try #require(reading.topology, "\(reading.diagnostics)")
            let units = try Renderer.render(topology, targets: [.systemd], layout: .production, secrets: nil)
                .filter { $0.path.hasPrefix("a/etc/systemd/system/") }
            #expect(units.count == 5)
            let folder = FileManager.default.temporaryDirectory.appending(path: "bw-units-\(UUID().uuidString)")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: folder) }
            var paths: [String] = []
            for unit in units {
                let url = folder.appending(path: URL(filePath: unit.path).lastPathComponent)
                // The programs need not be installed where the tests run.
                let contents = unit.contents.replacing(#/\/usr\/local\/bin\/breakwater(-proxy)?/#, with: "/bin/true")
                try Data(contents.utf8).write(to: url)
                paths.append(url.path)
            }
            // Throws, with what it said, when the status is not 0.
            let said = try output(
                of: ["sh", "-c", "systemd-analyze verify --man=no --recursive-errors=no \"$@\" 2>&1", "sh"] + paths)
            #expect(said == "")
        }
    }
}
