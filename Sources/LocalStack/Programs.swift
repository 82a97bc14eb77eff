internal import Foundation

/// Where the programs of a stack are on this machine.
struct Programs: Sendable, Equatable {
    /// The server, which is also Sentinel when it is told so.
    var redis: String
    var sentinel: String
    var sentinelArguments: [String]
    /// Nil when there are to be no sidecars.
    var proxy: String?

    /// Finds Redis, or else Valkey, in the search path (and where Debian puts servers), and the sidecar: `proxy` is
    /// its path, `.some(nil)` to look for it beside this program, or nil for none.
    static func find(proxy: String??) throws(StackError) -> Programs {
        guard let redis = path(of: ["redis-server", "valkey-server"]) else {
            throw StackError(
                "program_missing", "redis-server is not installed",
                hint: "on Debian: apt-get install -y redis-server redis-sentinel")
        }
        var found = Programs(redis: redis, sentinel: redis, sentinelArguments: ["--sentinel"], proxy: nil)
        if let sentinel = path(of: ["redis-sentinel", "valkey-sentinel"]) {
            found.sentinel = sentinel
            found.sentinelArguments = []
        }
        if let proxy {
            let path = proxy ?? besideThisProgram("breakwater-proxy")
            guard access(path, X_OK) == 0 else {
                throw StackError(
                    "program_missing", "\(path) is missing or cannot be run",
                    hint: "build it with `swift build --product breakwater-proxy`")
            }
            found.proxy = path
        }
        return found
    }

    private static func path(of names: [String]) -> String? {
        let environment = ProcessInfo.processInfo.environment["PATH"] ?? ""
        let directories =
            environment.split(separator: ":").map(String.init) + ["/usr/bin", "/usr/sbin", "/usr/local/bin"]
        for name in names {
            for directory in directories where directory.hasPrefix("/") {
                let path = "\(directory)/\(name)"
                if access(path, X_OK) == 0 { return path }
            }
        }
        return nil
    }

    /// A program in the directory of the one that is running.
    static func besideThisProgram(_ name: String) -> String {
        URL(filePath: thisProgram).deletingLastPathComponent().appending(path: name).path(percentEncoded: false)
    }

    /// The path of the running program.
    static var thisProgram: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}
