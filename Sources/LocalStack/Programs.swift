internal import Foundation

/// Where the programs of a stack are on this machine.
package struct Programs: Sendable, Equatable {
    /// The server, which is also Sentinel when it is told so.
    var redis: String
    var sentinel: String
    var sentinelArguments: [String]
    /// Nil when there are to be no sidecars.
    var proxy: String?
    /// Nil when there is to be no database server.
    var database: LocalDatabase.Programs?
    /// Nil when there are to be no web nodes.
    var web: WebPrograms?

    /// Finds Redis, or else Valkey, in the folder `redis`, or when that is nil in the search path (and where Debian
    /// puts servers), and the sidecar: `proxy` is its path, `.some(nil)` to look for it beside this program, or nil for
    /// none. Server and Sentinel are never of two kinds.
    static func find(redis folder: String? = nil, proxy: String??) throws(StackError) -> Programs {
        let families = ["redis", "valkey"]
        let places = folder.map { [$0] } ?? searchPath
        guard
            let (family, redis) = families.lazy.compactMap({ family in
                path(of: "\(family)-server", in: places).map { (family, $0) }
            }).first
        else {
            throw StackError(
                "program_missing",
                folder.map { "\($0) has neither redis-server nor valkey-server" } ?? "redis-server is not installed",
                hint: folder == nil ? "on Debian: apt-get install -y redis-server redis-sentinel" : nil)
        }
        var found = Programs(redis: redis, sentinel: redis, sentinelArguments: ["--sentinel"], proxy: nil)
        if let sentinel = path(of: "\(family)-sentinel", in: places) {
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

    static var searchPath: [String] {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").map(String.init).filter { $0.hasPrefix("/") }
            + ["/usr/bin", "/usr/sbin", "/usr/local/bin"]
    }

    static func path(of name: String, in folders: [String] = searchPath) -> String? {
        folders.lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
    }

    /// A program in the directory of the one that is running.
    static func besideThisProgram(_ name: String) -> String {
        URL(filePath: thisProgram).deletingLastPathComponent().appending(path: name).path(percentEncoded: false)
    }

    /// The path of the running program.
    package static var thisProgram: String {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
    }
}
