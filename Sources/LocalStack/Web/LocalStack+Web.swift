internal import FastCGI
internal import Foundation
internal import MySQLClient
internal import NIOCore
internal import Processes
internal import RedisClient
internal import Rendering
internal import Topology

/// The web nodes among a stack's processes.
extension LocalStack {
    /// Where the shop is reached and what it is made of; nil without web nodes.
    package var shop: StackManifest.Shop? { manifestNow.shop }

    /// Starts web nodes and balancer, with the shop installed.
    func startWeb() async throws {
        guard let programs = plan.programs.web, let shop, let web = topology.web else { return }
        let demo = DemoShop(
            wordpress: programs.wordpress, url: shop.url, saltsFile: state.secretFile("wordpress-salts.php"))
        if StateDirectory.read(demo.saltsFile) == nil { try StateDirectory.write(DemoShop.salts(), to: demo.saltsFile) }
        let layout = RenderLayout.local(directory: state.hosts)
        for node in web.nodes {
            let paths = layout.web(on: node, topology: topology)
            do {
                try demo.makeDocroot(paths.docroot, configuration: paths.wordpressConfiguration)
            } catch {
                throw StackError("no_wordpress", "WordPress cannot be put in \(paths.docroot)", cause: "\(error)")
            }
        }
        try await install(demo, programs, web)
        for member in plan.members(.php) + plan.members(.web) + plan.members(.agent) { try start(member.name) }
        for kind in [StackManifest.Kind.php, .web, .agent] {
            try await wait("the web nodes", for: kind) { await self.webTrouble(kind) }
        }
        for member in plan.members(.balancer) { try start(member.name) }
        try await wait("the balancer", for: .balancer) { await self.webTrouble(.balancer) }
    }

    private func install(_ demo: DemoShop, _ programs: WebPrograms, _ web: WebTopology) async throws {
        guard let docroot = web.nodes.first.flatMap({ shop?.docroots[$0] }), let database else { return }
        let script = try demo.writeInstaller(into: state.path)
        try await toEnd(
            of: "wordpress-install", programs.php, [script, docroot, demo.url, "\(DemoShop.products)"],
            or: StackError("no_wordpress", "WordPress could not be installed"))
        guard var settings = database.settings(reading: .seconds(30)) else { return }
        settings.address.database = database.name
        do {
            try await MySQLConnection.with(settings) { connection in
                for statement in DemoShop.tables { _ = try await connection.query(statement) }
            }
        } catch let error as MySQLError {
            throw StackError("no_wordpress", "the shop's tables cannot be made", cause: "\(error)")
        }
    }

    /// Returns when every web node serves and the balancer has noticed.
    package func webReady() async throws {
        for kind in [StackManifest.Kind.php, .web, .agent, .balancer] {
            try await wait("the web nodes", for: kind) { await self.webTrouble(kind) }
        }
    }

    private func webTrouble(_ kind: StackManifest.Kind) async -> String? {
        for member in plan.members(kind) {
            if let trouble = await WebReading.trouble(kind, member.endpoint, socket: member.socket) {
                return "\(member.name) \(trouble)"
            }
        }
        return nil
    }
}

/// Whether a part of the web tier does its work.
enum WebReading {
    /// Nil when it does.
    static func trouble(_ kind: StackManifest.Kind, _ endpoint: RedisEndpoint, socket: String?) async -> String? {
        switch kind {
        case .php:
            guard let socket else { return "has no socket" }
            do {
                try await FastCGIClient(.unix(socket), timeout: .seconds(2)).ping()
                return nil
            } catch {
                return "does not answer: \(error)"
            }
        case .web: return await answers(endpoint, "/breakwater-live", 204)
        case .agent: return await answers(endpoint, "/healthz", 200)
        // Through to a web node.
        case .balancer: return await answers(endpoint, "/breakwater-live", 204)
        default: return nil
        }
    }

    private static func answers(_ endpoint: RedisEndpoint, _ path: String, _ expected: Int) async -> String? {
        let status = await HTTPProbe.status(endpoint, path: path, timeout: .seconds(2))
        return status == expected ? nil : status.map { "answers \($0) to \(path)" } ?? "does not answer"
    }
}
