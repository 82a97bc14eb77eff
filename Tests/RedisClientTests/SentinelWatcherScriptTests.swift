import Logging
import NIOCore
import RESP
import Synchronization
import Testing

@testable import RedisClient

/// The watcher over real connections to Sentinels that say what a test wants.
@Suite struct SentinelWatcherScriptTests {
    /// What the third of three Sentinels does.
    static let rogues: [(name: String, script: ScriptedServer.Script)] = [
        ("says nothing", { _ in .silence }),
        ("hangs up", { _ in .hangUp }),
        ("talks HTTP", { _ in .send("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n") }),
        ("has no end", { _ in .endless("*1000000\r\n:1\r\n:1\r\n") }),
        (
            "pushes without end",
            { command in
                command.first == "SUBSCRIBE"
                    ? .endless(">3\r\n$7\r\nmessage\r\n$6\r\n+sdown\r\n$11\r\nmaster m x \r\n") : .send("%0\r\n")
            }
        ),
        ("wants a password", { _ in .send("-NOAUTH Authentication required.\r\n") }),
        (
            "knows no such master",
            { command in
                switch command.last {
                case "MYID": .send("$1\r\nC\r\n")
                case "m": .send("*-1\r\n")
                default: Self.confirm(command)
                }
            }
        ),
        (
            "answers with numbers",
            { command in
                command.first == "SENTINEL" ? .send(":1\r\n") : Self.confirm(command)
            }
        ),
        (
            "lies about the epoch",
            { command in
                ScriptedSentinel(runID: "C", master: RedisEndpoint(host: "127.0.0.1", port: 1), epoch: .max).answer(
                    command)
            }
        ),
    ]

    private static func confirm(_ command: [String]) -> ScriptedServer.Answer {
        guard command.first == "SUBSCRIBE" else { return .send("%0\r\n") }
        let confirmations = command.dropFirst().map { ">3\r\n$9\r\nsubscribe\r\n$\($0.utf8.count)\r\n\($0)\r\n:1\r\n" }
        return .send(confirmations.joined())
    }

    @Test(arguments: rogues.indices)
    func oneRogueChangesNothing(index: Int) async throws {
        let rogue = Self.rogues[index]
        try await withMaster { master in
            let good = { (runID: String) in ScriptedSentinel(runID: runID, master: master.endpoint, epoch: 1) }
            let (a, b) = (good("A"), good("B"))
            try await ScriptedServer.running {
                a.answer($0)
            } body: { first in
                try await ScriptedServer.running {
                    b.answer($0)
                } body: { second in
                    try await ScriptedServer.running(rogue.script) { third in
                        try await Self.watching([first.endpoint, second.endpoint, third.endpoint]) { watcher in
                            try await Self.until("\(rogue.name): the master is published") {
                                watcher.status.phase.usable == MasterState(endpoint: master.endpoint, epoch: 1)
                            }
                            #expect(watcher.status.known == 3)
                            if rogue.name != "lies about the epoch" {
                                try await Self.until("\(rogue.name): it is excluded") {
                                    watcher.status.sentinels.first { $0.endpoint == third.endpoint }?.excluded != nil
                                }
                            }
                            // A doubt is taken back all the same, if later when the rogue speaks of a newer epoch.
                            watcher.suspect(master.endpoint)
                            try await Self.until("\(rogue.name): the doubt is taken back") {
                                watcher.status.phase.usable?.endpoint == master.endpoint
                            }
                        }
                    }
                }
            }
        }
    }

    @Test func aLostConnectionIsMadeAgainWithItsSubscription() async throws {
        let cut = Mutex(false)
        try await withMaster { master in
            let sentinel = ScriptedSentinel(runID: "A", master: master.endpoint, epoch: 1)
            try await ScriptedServer.running { command in
                if cut.withLock({ value in
                    defer { value = false }
                    return value
                }) {
                    return .hangUp
                }
                return sentinel.answer(command)
            } body: { server in
                try await Self.watching([server.endpoint]) { watcher in
                    func isSubscribed() -> Bool { watcher.status.sentinels.first?.isSubscribed == true }
                    try await Self.until("it is subscribed to", isSubscribed)
                    cut.withLock { $0 = true }
                    try await Self.until("it is lost") { !isSubscribed() }
                    try await Self.until("it is subscribed to again", isSubscribed)
                    try await Self.until("it counts again") { watcher.status.answering == 1 }
                }
            }
        }
    }

    private func withMaster(_ body: (ScriptedServer) async throws -> Void) async throws {
        try await ScriptedServer.running { command in
            command.first == "ROLE" ? .send("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n") : .send("+PONG\r\n")
        } body: {
            try await body($0)
        }
    }

    private static func watching(
        _ sentinels: [RedisEndpoint], _ body: (SentinelWatcher) async throws -> Void
    ) async throws {
        let logger = Logger(label: "watcher") { _ in SwiftLogNoOpLogHandler() }
        let watcher = SentinelWatcher(
            configuration: .init(sentinels: sentinels, service: "m"), logger: logger, onChange: { _ in })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await watcher.run() }
            defer { group.cancelAll() }
            try await body(watcher)
        }
    }

    private static func until(_ what: Comment, _ condition: () -> Bool) async throws {
        let deadline = ContinuousClock.now + .seconds(60)
        while !condition() {
            try #require(ContinuousClock.now < deadline, what)
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// Answers as a Sentinel does.
    private struct ScriptedSentinel: Sendable {
        var runID: String
        var master: RedisEndpoint
        var epoch: UInt64

        func answer(_ command: [String]) -> ScriptedServer.Answer {
            guard command.first == "SENTINEL" else { return SentinelWatcherScriptTests.confirm(command) }
            return switch command[1] {
            case "MYID": .send(bulk(runID))
            case "MASTER":
                .send(
                    list([
                        "ip", master.host, "port", "\(master.port)", "flags", "master", "config-epoch", "\(epoch)",
                    ]))
            case "SENTINELS": .send("*0\r\n")
            default: .send(list([master.host, "\(master.port)"]))
            }
        }

        private func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }
        private func list(_ texts: [String]) -> String { "*\(texts.count)\r\n" + texts.map(bulk).joined() }
    }
}
