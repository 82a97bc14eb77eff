internal import FoundationEssentials
internal import Glibc
internal import Subprocess

/// Programs of the system that make and cut networks: `ip` and `tc` (iproute2), `nft` (nftables), `nsenter`
/// (util-linux). They are found also where a normal user's PATH does not look.
enum SystemProgram {
    private static var searchPath: String {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path + (path.isEmpty ? "" : ":") + "/usr/sbin:/sbin:/usr/bin:/bin"
    }

    /// The path of a program, or nil when it is not installed.
    static func path(_ name: String) -> String? {
        searchPath.split(separator: ":").lazy.filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }
            .first { access($0, X_OK) == 0 }
    }

    /// Runs a program to its end and returns what it printed.
    /// - Throws: `DrillError` `drill.network` with what it wrote to standard error when it fails.
    @discardableResult
    static func run(_ name: String, _ arguments: [String], input: String = "") async throws -> String {
        guard path(name) != nil else {
            throw DrillError(
                "drill.network_tools", "the program \(name) is not installed",
                hint: "on Debian: apt-get install -y iproute2 nftables")
        }
        let result = try await Subprocess.run(
            .name(name), arguments: Arguments(arguments), environment: .inherit.updating(["PATH": searchPath]),
            input: .string(input), output: .string(limit: 1 << 20), error: .string(limit: 1 << 16))
        guard result.terminationStatus.isSuccess else {
            let words = ([name] + arguments).joined(separator: " ")
            let reason = result.standardError.split(separator: "\n").first.map(String.init)
            throw DrillError("drill.network", "\(words) failed: \(reason ?? "\(result.terminationStatus)")")
        }
        return result.standardOutput
    }
}
