import Foundation
import NIOCore
import NIOPosix
import RedisClient
import Testing

@testable import RedisProxy

@Suite struct ListenerTests {
    let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .childChannelInitializer { channel in
            // Whoever connects is let in and closed at once.
            channel.close(promise: nil)
            return channel.eventLoop.makeSucceededVoidFuture()
        }

    @Test func aUnixSocketGetsItsModeAndGoesWithItsChannel() async throws {
        try await withFolder { folder in
            let path = folder + "/redis.sock"
            let channel = try await ListenerBinder().bind(
                ProxyListener(.unix(path: path), mode: 0o640), bootstrap: bootstrap)
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o640)
            #expect(Dialler.connect(path) == 0)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["redis.sock"])
            try await channel.close().get()
            try await channel.closeFuture.get()
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    @Test func aClosingProcessLeavesItsSuccessorsSocketAlone() async throws {
        try await withFolder { folder in
            let path = folder + "/redis.sock"
            let listener = ProxyListener(.unix(path: path))
            let old = try await ListenerBinder().bind(listener, bootstrap: bootstrap)
            let new = try await ListenerBinder().bind(listener, bootstrap: bootstrap)
            try await old.close().get()
            #expect(Dialler.connect(path) == 0)
            try await new.close().get()
            try await new.closeFuture.get()
            #expect(!FileManager.default.fileExists(atPath: path))
        }
    }

    /// What a crashed process left behind is no obstacle.
    @Test func aDeadSocketIsReplaced() async throws {
        try await withFolder { folder in
            let path = folder + "/redis.sock"
            let dead = try Dialler.listen(path)
            close(dead)
            #expect(Dialler.connect(path) == ECONNREFUSED)
            let channel = try await ListenerBinder().bind(ProxyListener(.unix(path: path)), bootstrap: bootstrap)
            #expect(Dialler.connect(path) == 0)
            try await channel.close().get()
        }
    }

    @Test func nobodyIsRefusedWhileAUnixSocketIsHandedOver() async throws {
        try await withFolder { folder in
            let path = folder + "/redis.sock"
            try await handOver(ProxyListener(.unix(path: path))) { Dialler.connect(path) }
        }
    }

    @Test func nobodyIsRefusedWhileATCPPortIsHandedOver() async throws {
        // The kernel picks a port; this socket keeps it for the test without listening on it.
        let (port, reservation) = try Dialler.reservePort()
        defer { close(reservation) }
        let endpoint = RedisEndpoint(host: "127.0.0.1", port: port)
        // Not refused; but the kernel resets what waits in the queue of a socket that closes.
        try await handOver(ProxyListener(.tcp(endpoint)), tolerating: [ECONNRESET]) { Dialler.connect(port: port) }
    }

    /// As systemd does it: the old process ends, the socket stays open and queues, the new process starts.
    @Test func nobodyIsRefusedNorResetWhileAnInheritedPortIsHandedOver() async throws {
        let (descriptor, port) = try Dialler.listenWithoutSharing()
        defer { close(descriptor) }
        let binder = ListenerBinder(inherited: try InheritedSockets.adopt(descriptor..<(descriptor + 1)))
        let listener = ProxyListener(.tcp(RedisEndpoint(host: "127.0.0.1", port: port)))
        let caller = Caller { Dialler.connect(port: port) }
        caller.start()
        for _ in 0..<20 {
            let channel = try await binder.bind(listener, bootstrap: bootstrap)
            let before = caller.attempts
            while caller.attempts < before + 5 { try await Task.sleep(for: .milliseconds(1)) }
            try await channel.close().get()
        }
        #expect(await caller.stop() == [:], "errno: count")
    }

    /// Twenty times a new channel takes over from the one before, while another thread connects without pause.
    private func handOver(
        _ listener: ProxyListener, tolerating tolerated: Set<CInt> = [], _ connect: @escaping @Sendable () -> CInt
    ) async throws {
        let binder = ListenerBinder()
        var current = try await binder.bind(listener, bootstrap: bootstrap)
        let caller = Caller(connect)
        caller.start()
        for _ in 0..<20 {
            let before = caller.attempts
            let next = try await binder.bind(listener, bootstrap: bootstrap)
            try await current.close().get()
            current = next
            while caller.attempts < before + 5 { try await Task.sleep(for: .milliseconds(1)) }
        }
        let failures = await caller.stop()
        #expect(failures.filter { !tolerated.contains($0.key) } == [:], "errno: count")
        try await current.close().get()
    }

    @Test func aFileThatIsNoSocketIsLeftAlone() async throws {
        try await withFolder { folder in
            let path = folder + "/precious.txt"
            try "data".write(toFile: path, atomically: true, encoding: .utf8)
            await #expect(throws: ConfigurationProblem.self) {
                try await ListenerBinder().bind(ProxyListener(.unix(path: path)), bootstrap: bootstrap)
            }
            #expect(try String(contentsOfFile: path, encoding: .utf8) == "data")
        }
    }

    @Test func whatCannotBeBoundSaysWhy() async throws {
        try await withFolder { folder in
            func problem(_ address: RedisAddress) async -> ConfigurationProblem? {
                do {
                    _ = try await ListenerBinder().bind(ProxyListener(address), bootstrap: bootstrap)
                    return nil
                } catch { return error as? ConfigurationProblem }
            }
            let missing = await problem(.unix(path: folder + "/missing/redis.sock"))
            #expect(missing?.code == "proxy.cannot_listen")
            #expect(missing?.hint == "create the socket's directory first")
            let foreign = await problem(.tcp(RedisEndpoint(host: "192.0.2.1", port: 6379)))
            #expect(foreign?.hint == "this machine does not have that address")
            let long = await problem(.unix(path: folder + "/" + String(repeating: "d", count: 100) + "/redis.sock"))
            #expect(long?.code == "proxy.socket_path_too_long")
            let taken = try Dialler.listenWithoutSharing()
            defer { close(taken.descriptor) }
            let used = await problem(.tcp(RedisEndpoint(host: "127.0.0.1", port: taken.port)))
            #expect(used?.hint.contains("another program listens there") == true)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        }
    }

    @Test func socketsOfTheServiceManagerAreAdopted() async throws {
        try await withFolder { folder in
            let path = folder + "/redis.sock"
            let descriptor = try Dialler.listen(path)
            let inherited = try InheritedSockets.adopt(descriptor..<(descriptor + 1))
            #expect(inherited.addresses == [.unix(path: path)])
            let binder = ListenerBinder(inherited: inherited)
            let channel = try await binder.bind(ProxyListener(.unix(path: path)), bootstrap: bootstrap)
            #expect(Dialler.connect(path) == 0)
            try await channel.close().get()
            // The socket itself is the service manager's: it stays, with its path, and can be used again.
            #expect(Dialler.connect(path) == 0)
            let again = try await binder.bind(ProxyListener(.unix(path: path)), bootstrap: bootstrap)
            try await again.close().get()
            close(descriptor)
        }
    }

    @Test func anInheritedTCPSocketIsKnownByItsAddress() async throws {
        let (descriptor, port) = try Dialler.listenWithoutSharing()
        defer { close(descriptor) }
        let inherited = try InheritedSockets.adopt(descriptor..<(descriptor + 1))
        let endpoint = RedisEndpoint(host: "127.0.0.1", port: port)
        #expect(inherited.addresses == [.tcp(endpoint)])
        // Without adopting it this address could not be bound.
        let channel = try await ListenerBinder(inherited: inherited).bind(
            ProxyListener(.tcp(endpoint)), bootstrap: bootstrap)
        #expect(Dialler.connect(port: port) == 0)
        try await channel.close().get()
    }

    @Test func aDescriptorThatDoesNotListenIsRefused() throws {
        let (_, reservation) = try Dialler.reservePort()
        defer { close(reservation) }
        #expect(throws: ConfigurationProblem.self) {
            try InheritedSockets.adopt(reservation..<(reservation + 1))
        }
    }

    /// A folder with a short name: a socket's whole path must fit 107 bytes.
    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.path() + "bw-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }
}
