import Glibc
package import NIOCore
package import NIOPosix
import RedisClient

/// Opens the addresses that clients connect to, in a way that a new process can take them over from an old one while
/// clients go on connecting:
///
/// - TCP sockets share their port (SO_REUSEPORT), so the new process binds while the old one still serves;
/// - a unix socket is bound under a temporary name and renamed over the path, so the path always leads to a socket;
/// - sockets that systemd passed (sd_listen_fds(3)) are adopted. They are never closed in between.
///
/// Nobody is refused in any of the three. With a shared TCP port, a connection that the kernel had just put into the
/// old process' queue is reset when that process closes its socket; the other two ways have no such gap.
package struct ListenerBinder: Sendable {
    /// Room for a burst of connections; the kernel cuts it down to net.core.somaxconn.
    static let backlog: CInt = 4096

    static let reusePort = ChannelOptions.Types.SocketOption(
        level: .socket, name: NIOBSDSocket.Option(rawValue: SO_REUSEPORT))

    private let inherited: InheritedSockets

    package init(inherited: InheritedSockets = .none) {
        self.inherited = inherited
    }

    /// Binds `listener` and starts to accept with `bootstrap`, to whose server channel options this adds. May be
    /// called once for each event loop with the same TCP listener: the kernel then spreads the connections. A unix
    /// socket and an inherited one have one queue; bind those once, with a bootstrap whose children spread over the
    /// loops.
    ///
    /// A unix socket's path is removed when the channel closes, unless another process has taken it over.
    ///
    /// - Throws: `ConfigurationProblem`.
    package func bind(_ listener: ProxyListener, bootstrap: ServerBootstrap) async throws -> any Channel {
        do {
            if let descriptor = try inherited.duplicate(of: listener.address) {
                return try await adopt(descriptor, bootstrap)
            }
            switch listener.address {
            case .tcp(let endpoint):
                return try await bootstrap.serverChannelOption(.backlog, value: Self.backlog)
                    .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                    .serverChannelOption(Self.reusePort, value: 1)
                    .bind(host: endpoint.host, port: endpoint.port).get()
            case .unix(let path):
                return try await bindUnix(UnixSocketPath(path), mode: listener.mode, bootstrap)
            }
        } catch let problem as ConfigurationProblem {
            throw problem
        } catch {
            throw ConfigurationProblem.cannotListen(on: listener.description, error)
        }
    }

    private func adopt(_ descriptor: CInt, _ bootstrap: ServerBootstrap) async throws -> any Channel {
        // The channel owns the descriptor from here on, and closes it when it cannot use it.
        try await bootstrap.serverChannelOption(.backlog, value: Self.backlog).withBoundSocket(descriptor).get()
    }

    private func bindUnix(
        _ path: UnixSocketPath, mode: UInt32, _ bootstrap: ServerBootstrap
    ) async throws -> any Channel {
        try path.checkReplaceable()
        let temporary = try path.temporary()
        unlink(temporary)
        let channel = try await bootstrap.serverChannelOption(.backlog, value: Self.backlog)
            .bind(unixDomainSocketPath: temporary).get()
        do {
            // Permissions first: nobody knows the temporary name, but everybody knows the path.
            guard chmod(temporary, mode_t(mode)) == 0 else { throw IOError(errnoCode: errno, reason: "chmod") }
            let pin = try PinnedFile(temporary)
            guard rename(temporary, path.path) == 0 else {
                let error = IOError(errnoCode: errno, reason: "rename")
                pin.release()
                throw error
            }
            channel.closeFuture.whenComplete { _ in path.remove(ifStill: pin) }
            return channel
        } catch {
            unlink(temporary)
            try? await channel.close().get()
            throw error
        }
    }
}

extension ConfigurationProblem {
    static func cannotListen(on address: String, _ error: any Error) -> ConfigurationProblem {
        let code = (error as? IOError)?.errnoCode
        let reason = code.map { String(cString: strerror($0)) } ?? "\(error)"
        let hint =
            switch code {
            case EADDRINUSE:
                "another program listens there: stop it, or choose another address (`ss -ltnp` shows who)"
            case EACCES, EPERM:
                "the sidecar's user may not bind there: ports below 1024 need CAP_NET_BIND_SERVICE, a socket a directory "
                    + "that is writable"
            case ENOENT, ENOTDIR:
                "create the socket's directory first"
            case EADDRNOTAVAIL:
                "this machine does not have that address"
            case EMFILE, ENFILE:
                "raise the limit of open files (LimitNOFILE= of the service)"
            default:
                "check the address"
            }
        return .error("cannot_listen", "Cannot listen on \(address): \(reason).", hint: hint)
    }
}
