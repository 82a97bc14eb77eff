import Foundation
import HAProxy
import LoopbackServers
import Testing

/// `breakwater lb` with a real HAProxy between two real web servers.
@Suite(.timeLimit(.minutes(3))) struct LoadBalancerCommandTests {
    /// A balancer before the nodes web-1 and web-2, and the store's topology in production, whose socket is named.
    private struct Stage {
        let program: BreakwaterProgram
        let nodes: [ServerProcess]
        let haproxy: ServerProcess
        let front: LoopbackPlace
        let places: [LoopbackPlace]

        func lb(_ arguments: String...) async throws -> BreakwaterProgram.Outcome {
            try await program.run(["lb"] + arguments + ["--socket", "\(program.folder.path)/admin.sock", "--json"])
        }

        var socket: HAProxySocket { HAProxySocket(path: "\(program.folder.path)/admin.sock") }
    }

    private static func with(_ body: (Stage) async throws -> Void) async throws {
        let program = try BreakwaterProgram()
        try program.write("ok\n", to: "page")
        let places = [try LoopbackPlace(address: "127.0.0.1"), try LoopbackPlace(address: "127.0.0.1")]
        let nodes = try places.map { place in
            try ServerProcess(
                [
                    "python3", "-m", "http.server", "--bind", place.address, "\(place.port)", "--directory",
                    program.folder.path,
                ], log: program.folder.appending(path: "web-\(place.port).log"))
        }
        defer { for node in nodes { node.stop() } }
        let front = try LoopbackPlace(address: "127.0.0.1")
        try program.write(
            """
            global
              stats socket \(program.folder.path)/admin.sock mode 600 level admin
            defaults
              mode tcp
              timeout connect 2s
              timeout client 60s
              timeout server 60s
            frontend http-80
              bind \(front.address):\(front.port)
              default_backend web
            backend web
              option httpchk GET /page
              default-server check inter 100ms fall 2 rise 2
              server web-1 \(places[0].address):\(places[0].port)
              server web-2 \(places[1].address):\(places[1].port)

            """, to: "haproxy.cfg")
        try program.write(
            """
            version: 1
            store: shop
            provider: digitalocean
            hosts:
              lb-1: { address: 10.0.0.5 }
              web-1: { address: 10.0.0.11 }
              web-2: { address: 10.0.0.12 }
            web: { nodes: [web-1, web-2] }
            load_balancer:
              nodes: [lb-1]
              forward: [{ from: "http:80", to: "http:80" }]

            """, to: "breakwater.yaml")
        let haproxy = try ServerProcess(
            ["haproxy", "-db", "-f", program.folder.appending(path: "haproxy.cfg").path],
            log: program.folder.appending(path: "haproxy.log"))
        defer { haproxy.stop() }
        let stage = Stage(program: program, nodes: nodes, haproxy: haproxy, front: front, places: places)
        try await eventually("both nodes serve") {
            let lines = (try? stage.socket.statistics())?.filter { $0.kind == .server } ?? []
            return lines.count == 2 && lines.allSatisfy { $0.isServing && $0.check == "L7OK" }
        }
        try await body(stage)
    }

    private static func servers(_ outcome: BreakwaterProgram.Outcome) throws -> [String: [String: Any]] {
        let document = try outcome.document()
        let balancers = try #require(document["balancers"] as? [[String: Any]], "\(outcome.errors)")
        let servers = try #require(balancers.first?["servers"] as? [[String: Any]])
        return Dictionary(uniqueKeysWithValues: servers.map { ($0["name"] as? String ?? "", $0) })
    }

    @Test func aNodeIsDrainedAndTakenInAgain() async throws {
        try await Self.with { stage in
            let shown = try await stage.lb("show")
            #expect(shown.status == 0, "\(shown.errors)")
            let before = try Self.servers(shown)
            #expect(before["web-1"]?["status"] as? String == "UP")
            #expect(before["web-2"]?["address"] as? String == "\(stage.places[1].address):\(stage.places[1].port)")

            let drained = try await stage.lb("drain", "web-1")
            #expect(drained.status == 0, "\(drained.errors)")
            let now = try Self.servers(drained)
            #expect(now["web-1"]?["order"] as? String == "drain")
            #expect(now["web-1"]?["serving"] as? Bool == false)
            #expect(now["web-2"]?["serving"] as? Bool == true)
            #expect(try await stage.lb("show").status == 4)

            // Nobody would be left.
            let refused = try await stage.lb("drain", "web-2")
            #expect(refused.status == 3)
            #expect(try refused.code() == "lb.last_node")
            #expect(try stage.socket.servers().first { $0.name == "web-2" }?.orders == [])
            #expect(try await stage.lb("drain", "web-2", "--last").status == 0)

            for node in ["web-1", "web-2"] {
                let ready = try await stage.lb("ready", node)
                #expect(ready.status == 0, "\(ready.errors)")
                #expect(try Self.servers(ready)[node]?["serving"] as? Bool == true)
            }
            #expect(try await stage.lb("show").status == 0)
        }
    }

    /// What has begun is not cut off, and is waited for no longer than was said.
    @Test func sessionsThatDoNotEndAreTold() async throws {
        try await Self.with { stage in
            // It says nothing, so that its node waits.
            let client = try stage.front.connectOverTCP()
            try await eventually("a node has the session") {
                try stage.socket.statistics().contains { $0.kind == .server && $0.sessions == 1 }
            }
            let busy = try #require(try stage.socket.statistics().first { $0.kind == .server && $0.sessions == 1 })
            let drained = try await stage.lb("drain", busy.name, "--wait", "300ms")
            #expect(drained.status == 4)
            #expect(try drained.document()["settled"] as? Bool == false)
            #expect(try Self.servers(drained)[busy.name]?["sessions"] as? Int == 1)
            client.finishSending()
            #expect(try await stage.lb("drain", busy.name).status == 0)
        }
    }

    @Test func whatCannotBeIsSaid() async throws {
        try await Self.with { stage in
            let unknown = try await stage.lb("drain", "web-9")
            #expect(unknown.status == 2)
            #expect(try unknown.code() == "lb.unknown_node")
            stage.nodes[0].stop()
            try await eventually("web-1 is down") {
                try stage.socket.statistics().contains { $0.name == "web-1" && $0.status == "DOWN" }
            }
            #expect(try await stage.lb("show").status == 4)
            #expect(try await stage.lb("ready", "web-1", "--wait", "0s").status == 4)
            #expect(try await stage.lb("drain", "web-2").status == 3)
            stage.haproxy.stop()
            let gone = try await stage.lb("show")
            #expect(gone.status == 1)
            #expect(try gone.code() == "lb.haproxy")
        }
    }
}
