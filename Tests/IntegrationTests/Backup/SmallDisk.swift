import Foundation
import LoopbackServers
import Testing

/// A disk in memory, unmounted when it goes. Only root mounts.
final class SmallDisk: Sendable {
    let path: String

    init(mebibytes: Int) throws {
        try #require(geteuid() == 0, "this test mounts a small disk: run it as root")
        path = "/var/tmp/bw-disk-\(UInt32.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        _ = try output(of: [
            "mount", "-t", "tmpfs", "-o", "size=\(mebibytes)m,mode=0755", "bw-disk", path,
        ])
    }

    deinit {
        _ = try? output(of: ["umount", "-l", path])
        try? FileManager.default.removeItem(atPath: path)
    }

    var content: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }

    /// Writes until there is no room left.
    func fill() {
        let descriptor = open(path + "/filler", O_WRONLY | O_CREAT, 0o600)
        defer { close(descriptor) }
        for size in [1 << 20, 4_096] {
            let bytes = [UInt8](repeating: 1, count: size)
            while write(descriptor, bytes, size) > 0 {}
        }
    }
}
