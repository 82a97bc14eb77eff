import Foundation
import LoopbackServers
import RedisClient
import RedisProxy
import Synchronization
import Testing

@testable import LocalStack

/// The built program as its users meet it: exit codes, signals, the admin address, a restart under load.
@Suite(.timeLimit(.minutes(2))) struct ProxyProgramTests {
    private static let program = ServerProcess.builtProgram("breakwater-proxy").path

    private func outcome(_ arguments: String...) async throws -> (status: Int32, out: String, error: String) {
        let folder = try Folder()
        let process = Process()
        process.executableURL = URL(filePath: Self.program)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        for name in ["out", "error"] { try Data().write(to: folder.url(name)) }
        process.standardOutput = try FileHandle(forWritingTo: folder.url("out"))
        process.standardError = try FileHandle(forWritingTo: folder.url("error"))
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            process.terminationHandler = { _ in continuation.resume() }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return (
            process.terminationStatus, try String(contentsOf: folder.url("out"), encoding: .utf8),
            try String(contentsOf: folder.url("error"), encoding: .utf8)
        )
    }

    @Test func badUsageEndsWithTwo() async throws {
        #expect(try await outcome("--bogus").status == 2)
        #expect(try await outcome("--hold", "5").error.contains("is not a duration, such as 800ms"))
        let empty = try await outcome()
        #expect(empty.status == 2)
        #expect(empty.error.contains("[proxy.no_sentinel]"))
        #expect(empty.out == "")
    }

    @Test func whatIsAskedForInformationEndsWithZero() async throws {
        #expect(try await outcome("--help").status == 0)
        let commands = try await outcome("--print-commands")
        #expect(commands.status == 0)
        #expect(commands.out == CommandCompatibility.markdown())
    }

    @Test func anAddressThatCannotBeOpenedEndsWithOne() async throws {
        let result = try await outcome(
            "--sentinel", "127.0.0.1:1", "--service", "mymaster", "--listen", "unix:/nonexistent/redis.sock")
        #expect(result.status == 1)
        #expect(result.error.contains("[proxy.cannot_listen]"))
        #expect(result.error.contains("create the socket's directory first"))
    }

    /// Alive and honest about it while no Sentinel can be reached, and gone at once when told to.
    @Test func withoutSentinelsItLivesAndIsNotReady() async throws {
        let folder = try Folder()
        let place = try LoopbackPlace(address: LoopbackPlace.randomNetwork() + ".1", socketPath: folder.path("a.sock"))
        let admin = RedisEndpoint(host: place.address, port: 9121)
        let program = try ServerProcess(
            [
                Self.program, "--sentinel", "\(place.address):1", "--service", "mymaster", "--listen",
                "unix:\(place.socketPath)", "--admin", admin.description,
            ], log: folder.url("proxy.log"))
        try await eventually { await HTTPProbe.status(admin, path: "/livez") == 200 }
        #expect(await HTTPProbe.status(admin, path: "/readyz") == 503)
        #expect(await HTTPProbe.status(admin, path: "/metrics") == 200)
        program.signal(SIGHUP)
        try await eventually { program.lastWords.contains("reloaded") }
        program.signal(SIGTERM)
        try await eventually { !program.isRunning }
        #expect(!FileManager.default.fileExists(atPath: place.socketPath))
    }

    /// A second process takes the addresses over and the first is told to end; clients that connect all the while are
    /// served by one or the other.
    @Test func aRestartRefusesNobody() async throws {
        let fixture = try SidecarFixture()
        let folder = try Folder()
        #expect(try fixture.sidecar.connectOverUnix().call("SET", "k", "v") == Array("+OK\r\n".utf8))

        let place = fixture.sidecar
        let isOver = Flag()
        async let calls = onThreads(2) { _ in
            var served = 0
            while !isOver.isSet {
                do {
                    guard try place.connectOverUnix().call("GET", "k") == Array("$1\r\nv\r\n".utf8) else { return -1 }
                    served += 1
                } catch {
                    return -2
                }
            }
            return served
        }
        let successor = try ServerProcess.sidecar(
            ServerProcess.builtProgram("breakwater-proxy"), at: place, following: fixture.watchers,
            service: "mymaster", in: folder.directory)
        try await eventually { successor.lastWords.contains("the master is") }
        fixture.sidecarProcess.signal(SIGTERM)
        try await eventually { !fixture.sidecarProcess.isRunning }
        isOver.set()
        for served in await calls { #expect(served > 0, "-1: a wrong answer, -2: no connection") }
        #expect(try place.connectOverTCP().call("GET", "k") == Array("$1\r\nv\r\n".utf8))
        successor.stop()
    }

    /// Waits for a condition; an error counts as not yet.
    private func eventually(_ condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while (try? await condition()) != true {
            try #require(ContinuousClock.now < deadline, "it did not come true within 30 seconds")
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}

/// A folder of a test's own, gone with the value.
private final class Folder: Sendable {
    let directory = FileManager.default.temporaryDirectory.appending(path: "bw-\(UUID().uuidString.prefix(8))")

    init() throws {
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    func url(_ name: String) -> URL { directory.appending(path: name) }
    func path(_ name: String) -> String { url(name).path }
}

private final class Flag: Sendable {
    private let value = Mutex(false)

    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
}
