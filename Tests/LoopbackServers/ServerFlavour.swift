package import Foundation

/// One of the families and versions of servers that tests run against.
package struct ServerFlavour: Sendable, Hashable, CustomStringConvertible {
    package enum Program: String, Sendable {
        case server, sentinel, cli
    }

    /// What the operating system has installed.
    package static let redis = ServerFlavour(description: "redis", family: "redis", folder: nil)
    /// Valkey 8 of Debian 13.
    package static let valkey8 = ServerFlavour(description: "valkey 8", family: "valkey", folder: root("valkey-trixie"))
    /// Valkey 9 or what followed it, of Debian sid.
    package static let valkey9 = ServerFlavour(description: "valkey 9", family: "valkey", folder: root("valkey-sid"))
    package static let all = [redis, valkey8, valkey9]

    package let description: String
    /// What the names of its programs begin with.
    private let family: String
    /// Where its programs are; nil for the search path.
    private let folder: URL?

    /// The path of a program.
    /// - Throws: `LoopbackError` with the command that installs it, when it is not there.
    package func path(of program: Program) throws -> String {
        let name = "\(family)-\(program)"
        guard let folder else {
            guard let path = try? output(of: ["sh", "-c", "PATH=$PATH:/usr/sbin; command -v \(name)"]) else {
                throw LoopbackError(
                    "\(name) is not installed: apt-get install \(program == .cli ? "redis-tools" : name)")
            }
            return path.trimmingCharacters(in: .newlines)
        }
        let path = folder.appending(path: name).path
        guard FileManager.default.isExecutableFile(atPath: path) else {
            throw LoopbackError("\(name) is not in \(folder.path): Scripts/bootstrap test")
        }
        return path
    }

    /// The folder of the programs, for `--redis-programs`; nil for the search path.
    /// - Throws: `LoopbackError` with the command that installs them, when they are not there.
    package func programs() throws -> String? {
        _ = try path(of: .server)
        return folder?.path
    }

    /// Where Scripts/debian-root puts the programs of another Debian release.
    static func root(_ name: String) -> URL { cacheFolder.appending(path: "debian/\(name)/programs") }
}

/// Where the scripts keep what they fetched for the tests, and benchmarks what they generated.
package var cacheFolder: URL {
    let environment = ProcessInfo.processInfo.environment
    func folder(_ variable: String) -> String? { environment[variable].flatMap { $0.isEmpty ? nil : $0 } }
    let caches = folder("XDG_CACHE_HOME") ?? (folder("HOME") ?? "/tmp") + "/.cache"
    return URL(filePath: folder("BREAKWATER_CACHE") ?? caches + "/breakwater")
}
