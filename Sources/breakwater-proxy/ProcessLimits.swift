import Glibc
import Logging

/// What the process as a whole needs before it serves.
enum ProcessLimits {
    /// Lets the process open as many files as it may, and keeps it alive when a peer closes its end.
    static func prepare(clients: Int, logger: Logger) {
        signal(SIGPIPE, SIG_IGN)
        let resource = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return }
        if limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max
            setrlimit(resource, &limit)
            getrlimit(resource, &limit)
        }
        // Each client, a server connection for each that is pinned, and some for lanes, Sentinels and the admin address.
        let needed = UInt64(clients) * 2 + 256
        if UInt64(limit.rlim_cur) < needed {
            logger.warning(
                "fewer files may be open than all clients could need",
                metadata: ["limit": "\(limit.rlim_cur)", "needed": "\(needed)"])
        }
    }
}
