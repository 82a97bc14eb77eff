package import Foundation

extension ServerProcess {
    /// Starts a Redis without persistence and without a password.
    ///
    /// `directives` are further lines of its configuration.
    package static func redis(
        _ flavour: ServerFlavour = .redis, at place: LoopbackPlace, in directory: URL, directives: [String] = []
    ) throws -> ServerProcess {
        let name = "redis-\(place.address)"
        let configuration = try write(
            "\(name).conf",
            [
                "bind \(place.address)", "port \(place.port)", "unixsocket \(place.socketPath)",
                "dir \(directory.path)", "save \"\"", "appendonly no", "maxclients 8000", "tcp-backlog 4096",
            ] + directives, in: directory)
        return try start(flavour, .server, configuration, name, in: directory)
    }

    /// Starts a Sentinel that watches `redis` under the name `service`. It takes ten minutes until it calls a master
    /// dead: a saturated machine must not cause a failover that nobody asked for.
    package static func sentinel(
        _ flavour: ServerFlavour = .redis, at place: LoopbackPlace, watching redis: LoopbackPlace, as service: String,
        quorum: Int, in directory: URL
    ) throws -> ServerProcess {
        let name = "sentinel-\(place.address)"
        let configuration = try write(
            "\(name).conf",
            [
                "bind \(place.address)", "port \(place.port)", "dir \(directory.path)",
                "sentinel monitor \(service) \(redis.address) \(redis.port) \(quorum)",
                "sentinel down-after-milliseconds \(service) 600000",
            ], in: directory)
        return try start(flavour, .sentinel, configuration, name, in: directory)
    }

    /// Starts a program of a flavour with the configuration file at the path.
    package static func start(
        _ flavour: ServerFlavour, _ program: ServerFlavour.Program, _ configuration: String, _ name: String,
        in directory: URL
    ) throws -> ServerProcess {
        try ServerProcess(
            [flavour.path(of: program), configuration], log: directory.appending(path: "\(name).log"))
    }

    /// Starts the sidecar `program`, listening on both the port and the socket of `place`.
    package static func sidecar(
        _ program: URL, at place: LoopbackPlace, following sentinels: [LoopbackPlace], service: String,
        in directory: URL, arguments: [String] = []
    ) throws -> ServerProcess {
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw LoopbackError("there is no sidecar at \(program.path); swift build --product breakwater-proxy")
        }
        return try ServerProcess(
            [program.path, "--service", service]
                + sentinels.flatMap { ["--sentinel", "\($0.address):\($0.port)"] }
                + ["--listen", "\(place.address):\(place.port)", "--listen", "unix:\(place.socketPath)"] + arguments,
            log: directory.appending(path: "sidecar-\(place.address).log"))
    }

    /// The program of this package that was built beside the running one.
    package static func builtProgram(_ name: String) -> URL {
        URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent().appending(path: name)
    }

    /// Starts a program of a Debian package, and names the package when the program is not there.
    package static func start(_ arguments: [String], package: String, _ name: String, in directory: URL) throws
        -> ServerProcess
    {
        guard (try? output(of: ["sh", "-c", "PATH=$PATH:/usr/sbin; command -v \(arguments[0])"])) != nil else {
            throw LoopbackError("\(arguments[0]) is not installed: apt-get install \(package)")
        }
        return try ServerProcess(arguments, log: directory.appending(path: "\(name).log"))
    }

    /// Writes the lines of a configuration and returns the file's path.
    package static func write(_ name: String, _ lines: [String], in directory: URL) throws -> String {
        let url = directory.appending(path: name)
        try (lines.joined(separator: "\n") + "\n").write(to: url, atomically: true, encoding: .utf8)
        return url.path
    }
}
