package import ArgumentParser
internal import Foundation
internal import Rendering
internal import Topology

/// `breakwater render`
package struct RenderCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "render",
        abstract: "Write the configuration files of the store's servers.",
        discussion: """
            Targets: redis (redis.conf and ACL users of every data node), sentinel (sentinel.conf of every Sentinel), \
            haproxy (haproxy.cfg of every balancer of the store's own), nginx (nginx and the PHP-FPM pool of every web \
            node), wordpress (what wp-config.php requires), systemd (units, sockets and kernel settings of every machine), all.

            The output has one directory for each host, which mirrors that host's file system. Files with passwords \
            are written 0600. A file that exists with other contents is never replaced unless --overwrite is given: \
            without it, nothing at all is written.

            Examples:

              breakwater render --to all -o rendered
              breakwater render --to redis sentinel -o rendered --overwrite
              rsync -a rendered/redis-1/ root@redis-1:/
            """
    )

    @Option(
        name: .customLong("to"), parsing: .upToNextOption,
        help: ArgumentHelp("What to render.", valueName: "target"))
    package var targets: [String]

    @Option(
        name: [.customShort("o"), .customLong("output")],
        help: ArgumentHelp("The directory to write into; created if needed.", valueName: "directory"))
    package var directory: String

    @Flag(help: "Replace files that exist with other contents.")
    package var overwrite = false

    @OptionGroup package var topology: TopologyOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        var targets = try RenderTarget.parse(targets)
        let store = try topology.load(console)
        // A local store is supervised by `up`: there are no units, and `all` means the rest.
        if store.provider == .local, self.targets.contains("all") { targets.remove(.systemd) }
        let files = try render(store, targets, console)

        let tree = OutputTree(directory: directory)
        let plan = try tree.plan(files)
        let conflicts = plan.filter { $0.state == .differs }
        if !conflicts.isEmpty, !overwrite {
            throw UserFacingError(
                code: "render.would_overwrite",
                summary: "\(conflicts.count) of \(files.count) files exist with other contents, "
                    + "among them \(conflicts[0].file.path); nothing was written",
                hint: "look at the differences, then use --overwrite; or name another directory with -o",
                status: .refused)
        }
        try tree.write(plan)

        try console.document(
            Result(
                directory: directory,
                files: plan.map {
                    .init(
                        path: $0.file.path, mode: "0" + String($0.file.mode, radix: 8), written: $0.state != .same)
                }))
        for step in plan { console.print("\(step.state == .same ? "unchanged" : "wrote    ") \(step.file.path)") }
        let secret = files.contains { $0.path.hasSuffix("/users.acl") || $0.kind == .sentinelConfiguration }
        let hasPasswords = store.redis?.hasPasswords == true && secret
        console.note("\(files.count) files in \(directory)\(hasPasswords ? "; some contain passwords" : "")")
        return .done
    }

    private func render(
        _ store: StoreTopology, _ targets: Set<RenderTarget>, _ console: Console
    ) throws -> [RenderedFile] {
        guard let redis = store.redis else { throw UserFacingError.noRedis }
        var store = store
        var layout = RenderLayout.production
        if store.provider == .local {
            let network = LoopbackNetwork(second: 77, third: 0)
            store = store.assigningLoopback(network: network) ?? store
            layout = .local(directory: URL(fileURLWithPath: directory).standardizedFileURL.path)
            console.note("a local store: `breakwater up` renders these files itself, with addresses that are free")
        }
        // The units hold no secrets, and need none to be readable where they are rendered.
        let needsSecrets = targets.contains(.redis) || targets.contains(.sentinel)
        let secrets =
            needsSecrets
            ? try RedisSecrets(of: redis) { (reference) throws(SecretUnavailable) in try reference.fetch() } : nil
        let text = targets.contains(.systemd) ? try? TopologyFile.contents(of: topology.file).get() : nil
        do {
            return try Renderer.render(
                store, targets: targets, layout: layout, secrets: secrets, topologyText: text ?? "")
        } catch {
            throw UserFacingError(error)
        }
    }

    private struct Result: Encodable {
        struct File: Encodable {
            var path: String
            var mode: String
            var written: Bool
        }

        var directory: String
        var files: [File]
    }
}

extension RedisTopology {
    fileprivate var hasPasswords: Bool { password != nil || users != Users() }
}

extension RenderTarget {
    /// The targets named on the command line; `all` is every target there is.
    fileprivate static func parse(_ words: [String]) throws -> Set<RenderTarget> {
        let available = allCases.map(\.rawValue)
        var targets: Set<RenderTarget> = []
        for word in words {
            if word == "all" {
                targets.formUnion(allCases)
            } else if let target = RenderTarget(rawValue: word) {
                targets.insert(target)
            } else {
                let isPlanned = planned.contains(word)
                throw UserFacingError(
                    code: isPlanned ? "render.target_unavailable" : "render.target_unknown",
                    summary: isPlanned
                        ? "the target `\(word)` is not available yet" : "there is no target `\(word)`",
                    hint: "available: \(available.joined(separator: ", ")), all", status: .invalid)
            }
        }
        return targets
    }
}

extension UserFacingError {
    fileprivate init(_ error: RenderError) {
        switch error {
        case .noRedis:
            self = .noRedis
        case .addressMissing(let host):
            self.init(
                code: "render.address_missing", summary: "the host `\(host)` has no address",
                hint: "give it one under `hosts`", status: .invalid)
        case .secretsMissing:
            self.init(
                code: "render.password_missing", summary: "Redis would be reachable without a password",
                hint: "set `redis.password`", status: .refused)
        case .passwordUnusable(let user):
            self.init(
                code: "render.password_unusable",
                summary: "the password of Redis user `\(user)` has characters that Sentinel's file cannot hold",
                hint: "use printable ASCII without spaces, quotes and backslashes: openssl rand -hex 32",
                status: .invalid)
        case .targetNotForProvider(let target, let provider):
            self.init(
                code: "render.target_not_for_provider",
                summary: "`\(target.rawValue)` makes no sense for `provider: \(provider.rawValue)`",
                hint: "a local store runs under `breakwater up`", status: .invalid)
        }
    }
}
