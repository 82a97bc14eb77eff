package import NIOCore
internal import NIOSSL
internal import Synchronization

/// TLS towards Redis nodes and Sentinels: one for all connections of a process. The server's certificate must come from
/// a trusted authority and be for the address that is connected to (its IP address, unless a host name was used).
///
/// Certificates may be replaced while connections are open: those that are stay, new ones use the new.
package final class RedisTLS: Sendable {
    /// What it is made from. Equal when the files say the same.
    package struct Settings: Sendable, Hashable {
        let material: TLSMaterial
        /// The name in the servers' certificates, when it is not the address.
        let serverName: String?
        let context: NIOSSLContext

        /// Reads the files.
        package init(_ files: TLSMaterial.Files, serverName: String? = nil) throws(TLSProblem) {
            material = try TLSMaterial(files)
            self.serverName = serverName
            context = try material.context(.makeClientConfiguration(), files)
        }

        package static func == (left: Settings, right: Settings) -> Bool {
            left.material == right.material && left.serverName == right.serverName
        }

        package func hash(into hasher: inout Hasher) {
            hasher.combine(material)
            hasher.combine(serverName)
        }
    }

    private let state: Mutex<Settings>

    package init(_ settings: Settings) {
        state = Mutex(settings)
    }

    /// New connections use these from now on.
    package func update(_ settings: Settings) {
        state.withLock { $0 = settings }
    }

    /// Puts TLS in front of a channel's handlers. On the channel's event loop, before it connects to this host.
    package func secure(_ channel: any Channel, host: String) throws {
        let settings = state.withLock { $0 }
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        // Without a name the certificate is held against the IP address of the connection.
        let handler = try NIOSSLClientHandler(
            context: settings.context, serverHostname: settings.serverName ?? (isAddress ? nil : host))
        try channel.pipeline.syncOperations.addHandler(handler, position: .first)
    }
}
