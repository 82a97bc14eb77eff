import Foundation
import LoopbackServers

/// What a program took, with all the processes that it started.
struct Usage: Sendable {
    var seconds = 0.0
    /// User and system time of them all.
    var cpu = 0.0
    /// Of the largest of them, in MiB (`VmHWM`).
    var peak = 0.0

    static func + (one: Usage, other: Usage) -> Usage {
        Usage(seconds: one.seconds + other.seconds, cpu: one.cpu + other.cpu, peak: max(one.peak, other.peak))
    }
}

/// Runs a program to its end and measures it.
/// - Parameters:
///   - arguments: The program's path or name, and its arguments.
///   - environment: Added to that of this process.
///   - log: Where its output goes.
/// - Returns: What it took.
/// - Throws: `LoopbackError` when it ends with another status than 0.
func measure(_ arguments: [String], environment: [String: String] = [:], log: URL) throws -> Usage {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, log.path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, 1, 2)
    let variables = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in argv + envp { free(text) } }

    let clock = ContinuousClock()
    let start = clock.now
    var pid: pid_t = 0
    guard posix_spawnp(&pid, arguments[0], &actions, nil, &argv, &envp) == 0 else {
        throw LoopbackError("\(arguments[0]) does not start: is it installed? Scripts/bootstrap bench")
    }
    var status: Int32 = 0
    var usage = rusage()
    while wait4(pid, &status, 0, &usage) < 0 {
        guard errno == EINTR else { throw LoopbackError.system("wait4") }
    }
    let elapsed = clock.now - start
    guard status == 0 else {
        let words = (try? String(contentsOf: log, encoding: .utf8)) ?? ""
        throw LoopbackError("\(arguments.joined(separator: " ")) failed (\(status)):\n\(words.suffix(2_000))")
    }
    return Usage(
        seconds: elapsed / .seconds(1), cpu: usage.ru_utime.seconds + usage.ru_stime.seconds,
        peak: Double(usage.ru_maxrss) / 1_024)
}

extension timeval {
    fileprivate var seconds: Double { Double(tv_sec) + Double(tv_usec) / 1_000_000 }
}

extension ServerProcess {
    /// User and system time so far, in seconds: proc(5), fields 14 and 15 of `stat`.
    var cpuSeconds: Double {
        let stat = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        // The name before may contain anything.
        let fields = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        guard fields.count > 13, let user = Double(fields[12]), let system = Double(fields[13]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}

extension ObjectServer {
    /// Of all its servers.
    var cpuSeconds: Double { servers.reduce(0) { $0 + $1.cpuSeconds } }
}
