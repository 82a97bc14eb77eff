internal import Foundation
internal import RedisClient

/// Which processes hold a listening socket, as `/proc` tells (proc(5)).
enum SocketHolders {
    /// Process ids of the group that hold what listens at the endpoint or at the path.
    static func find(group: pid_t, endpoint: RedisEndpoint?, path: String?) -> [pid_t] {
        var inodes: Set<String> = []
        if let endpoint { inodes.formUnion(listening(at: endpoint)) }
        if let path { inodes.formUnion(bound(to: path)) }
        guard !inodes.isEmpty else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { pid in
            getpgid(pid) == group && descriptors(of: pid).contains { inodes.contains($0) }
        }
    }

    private static func descriptors(of pid: pid_t) -> [String] {
        let folder = "/proc/\(pid)/fd"
        return ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).compactMap { name in
            guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\(name)"),
                target.hasPrefix("socket:[")
            else { return nil }
            return String(target.dropFirst("socket:[".count).dropLast())
        }
    }

    /// `/proc/net/tcp` has addresses in hexadecimal, each in the order of the machine's memory; state 0A listens.
    private static func listening(at endpoint: RedisEndpoint) -> [String] {
        var address = in_addr()
        guard inet_pton(AF_INET, endpoint.host, &address) == 1 else { return [] }
        let host = String(address.s_addr, radix: 16, uppercase: true)
        let port = String(endpoint.port, radix: 16, uppercase: true)
        let wanted = pad(host, 8) + ":" + pad(port, 4)
        return lines(of: "/proc/net/tcp").compactMap { fields in
            fields.count > 9 && fields[1] == wanted && fields[3] == "0A" ? String(fields[9]) : nil
        }
    }

    private static func bound(to path: String) -> [String] {
        lines(of: "/proc/net/unix").compactMap { fields in
            fields.count > 7 && fields[7] == path ? String(fields[6]) : nil
        }
    }

    private static func lines(of file: String) -> [[Substring]] {
        (StateDirectory.read(file) ?? "").split(separator: "\n").map { $0.split(separator: " ") }
    }

    private static func pad(_ text: String, _ width: Int) -> String {
        String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
