internal import FoundationEssentials
internal import Glibc

/// The network and mount namespaces of this process alone, in which a drill builds its hosts.
///
/// A process cannot move all its threads into another namespace, so the drill starts itself anew there: `unshare`
/// (util-linux) makes the namespaces and becomes this program again, with the same process id and arguments. All that
/// is made inside (bridges, links, the hosts' namespaces, mounts) is invisible to the rest of the machine, and the
/// kernel removes it with the last process in it, however that ends, SIGKILL included. So there is nothing to clean
/// up, and nothing that could be left behind.
package enum OwnNetwork {
    /// `PID INODE`: the process that moved, and the network it came from.
    private static let variable = "BREAKWATER_OWN_NETWORK"
    private static let link = "/proc/self/ns/net"

    /// Whether this process runs in namespaces of its own. The kernel is asked: a variable alone that somebody set or
    /// inherited means nothing.
    package static var isEntered: Bool {
        guard let marker = ProcessInfo.processInfo.environment[variable], let now = current else { return false }
        let parts = marker.split(separator: " ")
        return parts.count == 2 && parts[0] == "\(getpid())" && parts[1] != now
    }

    /// Whether ``enter()`` is likely to succeed: asked before a schedule is drawn, and without trying.
    package static var isPossible: Bool {
        isEntered
            || geteuid() == 0 && ["ip", "nft", "tc", "nsenter", "unshare"].allSatisfy { SystemProgram.path($0) != nil }
    }

    /// Becomes this program again in namespaces of its own. Call it before anything is started.
    /// - Throws: `DrillError` `drill.needs_root`, with what would allow it, when this process may not.
    package static func enter() throws(DrillError) -> Never {
        guard geteuid() == 0 else { throw refused("this user may not make network namespaces") }
        guard let unshare = SystemProgram.path("unshare"), let from = current,
            let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        else {
            throw DrillError("drill.network_tools", "unshare is not installed, or /proc is not mounted")
        }
        for tool in ["ip", "nft", "tc", "nsenter"] where SystemProgram.path(tool) == nil {
            throw DrillError(
                "drill.network_tools", "the program \(tool) is not installed",
                hint: "on Debian: apt-get install -y iproute2 nftables")
        }
        guard !isRepeated else { throw refused("the kernel gave this process no network of its own") }
        setenv(variable, "\(getpid()) \(from)", 1)
        let arguments =
            [unshare, "--net", "--mount", "--propagation", "private", "--", program] + CommandLine.arguments.dropFirst()
        var argv = arguments.map { strdup($0) } + [nil]
        execv(unshare, &argv)
        throw refused("unshare could not be started (error \(errno))")
    }

    private static var current: String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: link)
    }

    private static var isRepeated: Bool {
        ProcessInfo.processInfo.environment[variable]?.hasPrefix("\(getpid()) ") == true
    }

    private static func refused(_ reason: String) -> DrillError {
        DrillError(
            "drill.needs_root", "the scenario cuts links between hosts that are network namespaces, and \(reason)",
            hint: "run it as root (or in a container with CAP_SYS_ADMIN and CAP_NET_ADMIN); "
                + "it touches no network of the machine")
    }
}
