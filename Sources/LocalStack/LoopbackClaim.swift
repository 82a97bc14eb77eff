internal import Glibc
internal import Topology

/// One loopback network taken by one stack. The claim is a socket in the abstract namespace, which the kernel ties to
/// the network namespace (as it does loopback addresses) and frees when its holder dies, so no stale file can be left.
final class LoopbackClaim: Sendable {
    let network: LoopbackNetwork
    private let descriptor: Int32

    private init(network: LoopbackNetwork, descriptor: Int32) {
        self.network = network
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Nil when another stack has the network.
    static func claim(_ network: LoopbackNetwork) -> LoopbackClaim? {
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        // A leading zero byte makes the name abstract.
        let name = [0] + Array("breakwater/\(network.second).\(network.third)".utf8)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let bound = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 }
        }
        guard bound else {
            close(descriptor)
            return nil
        }
        return LoopbackClaim(network: network, descriptor: descriptor)
    }

    /// The networks to try, in order: the one used before, then a fixed but seemingly random order that starts at a
    /// place given by `key`, so that two stacks seldom want the same one. 127.0.0.0/16 and what others are fond of
    /// (127.1.1.1, 127.53.53.53) are left out.
    static func candidates(key: String, previous: LoopbackNetwork?) -> [LoopbackNetwork] {
        let seconds = 64...95
        let thirds = 1...250
        let count = seconds.count * thirds.count
        let start = Int(fnv1a(key) % UInt64(count))
        // A step that shares no factor with the count reaches every network once.
        let step = 3607
        let order = (0..<256).map { index in
            let place = (start + index * step) % count
            return LoopbackNetwork(
                second: UInt8(seconds.lowerBound + place / thirds.count),
                third: UInt8(thirds.lowerBound + place % thirds.count))
        }
        guard let previous else { return order }
        return [previous] + order.filter { $0 != previous }
    }

    /// FNV-1a, 64 bits: the same in every run, unlike `Hashable`.
    static func fnv1a(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// Whether nobody listens at the address. Connections of former processes that linger in TIME_WAIT do not count,
    /// for the servers bind in the same way (SO_REUSEADDR).
    static func isFree(host: String, port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var hints = addrinfo()
        hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
        hints.ai_family = AF_INET
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, "\(port)", &hints, &found) == 0, let address = found?.pointee else { return false }
        defer { freeaddrinfo(found) }
        return bind(descriptor, address.ai_addr, address.ai_addrlen) == 0 && listen(descriptor, 1) == 0
    }
}
