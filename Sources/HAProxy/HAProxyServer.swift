/// A server as `show servers state` tells of it
/// (<https://docs.haproxy.org/2.6/management.html#9.3-show%20servers%20state>).
package struct HAProxyServer: Sendable, Hashable {
    package var backend: String
    package var name: String
    package var address: String
    package var port: Int
    /// What was told it through the socket or by its configuration; `srv_admin_state`.
    package var orders: Orders

    /// `SRV_ADMF_*` in HAProxy's include/haproxy/server-t.h.
    package struct Orders: OptionSet, Sendable, Hashable {
        package let rawValue: Int

        package init(rawValue: Int) { self.rawValue = rawValue }

        /// Maintenance, by `set server … state maint`.
        package static let maintenance = Orders(rawValue: 0x01)
        /// Drained, by `set server … state drain`.
        package static let drain = Orders(rawValue: 0x08)
    }

    /// As commands name it.
    package var path: String { "\(backend)/\(name)" }

    /// Reads the whole answer, whose second line names the fields; nil if it is none.
    package static func read(_ text: String) -> [HAProxyServer]? {
        let lines = text.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
        guard let head = lines.first(where: { $0.first == "#" })?.dropFirst().map(\.self) else { return nil }
        return lines.filter { $0.count == head.count && $0.first != "#" }.compactMap { line in
            let fields = Dictionary(zip(head, line), uniquingKeysWith: { first, _ in first })
            guard let backend = fields["be_name"], let name = fields["srv_name"], let address = fields["srv_addr"],
                let port = fields["srv_port"].flatMap({ Int($0) }),
                let orders = fields["srv_admin_state"].flatMap({ Int($0) })
            else { return nil }
            return HAProxyServer(
                backend: backend, name: name, address: address, port: port, orders: Orders(rawValue: orders))
        }
    }
}

extension HAProxySocket {
    /// The servers of all backends.
    package func servers() throws(HAProxyError) -> [HAProxyServer] {
        let text = try command("show servers state")
        guard let servers = HAProxyServer.read(text) else { throw HAProxyError(String(text.prefix(200))) }
        return servers
    }
}
