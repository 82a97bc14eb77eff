package import FastCGI
internal import Glibc
internal import RecoveryCore

/// What is of this node alone.
extension HealthProbe {
    /// PHP-FPM's own ping, at `ping.path` of the pool: it takes a free worker, and no script.
    package static func phpFPM(_ endpoint: FastCGIClient.Endpoint, path: String = "/ping") -> HealthProbe {
        let check = HealthBoard.Check("php_fpm", .node, interval: .seconds(1), timeout: .seconds(2))
        return HealthProbe(check) {
            try await FastCGIClient(endpoint, timeout: check.timeout).ping(path)
            return "pong"
        }
    }

    /// A folder that PHP must be able to read, such as the document root and the uploads.
    package static func folder(_ name: String, at path: String) -> HealthProbe {
        HealthProbe(HealthBoard.Check(name, .node, interval: .seconds(5), timeout: .seconds(5), tolerance: 1)) {
            try await blocking {
                // Opening alone shows no file system whose server is gone.
                guard let folder = opendir(path) else { throw Fault("\(path): \(String(cString: strerror(errno)))") }
                defer { closedir(folder) }
                errno = 0
                guard readdir(folder) != nil || errno == 0 else {
                    throw Fault("\(path): \(String(cString: strerror(errno)))")
                }
                return path
            }
        }
    }

    /// The space on a folder's file system, of which there must be `least` bytes.
    package static func disk(at path: String, least: UInt64 = 64 << 20) -> HealthProbe {
        HealthProbe(HealthBoard.Check("disk", .node, interval: .seconds(5), timeout: .seconds(5), tolerance: 1)) {
            try await blocking {
                var figures = statvfs()
                guard statvfs(path, &figures) == 0 else {
                    throw Fault("\(path): \(String(cString: strerror(errno)))")
                }
                let free = UInt64(figures.f_bavail) * UInt64(figures.f_frsize)
                guard free >= least else { throw Fault("\(free >> 20) MiB are free on \(path)") }
                guard figures.f_files == 0 || figures.f_favail > 0 else { throw Fault("no inodes are free on \(path)") }
                return "\(free >> 20) MiB free"
            }
        }
    }
}
