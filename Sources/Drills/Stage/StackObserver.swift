internal import NIOCore
internal import RESP
internal import RedisClient
internal import Synchronization

/// Writes what Sentinels and Redis nodes do into the time line of a drill.
package final class StackObserver: Sendable {
    private let stage: any DrillStage
    private let state = Mutex(Timeline())

    /// What Sentinel announces around a failover (https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/,
    /// "Pub/Sub messages").
    private static let channels = [
        "+sdown", "-sdown", "+odown", "+try-failover", "+elected-leader", "+selected-slave", "+promoted-slave",
        "+failover-end", "+switch-master", "+reboot", "+convert-to-slave", "-failover-abort-no-good-slave",
    ]
    /// A stack in trouble can talk without end.
    private static let limit = 300

    package init(_ stage: any DrillStage) {
        self.stage = stage
    }

    package var timeline: Timeline { state.withLock { $0 } }

    package func note(_ event: String, at time: Int64 = MonotonicClock.now(), _ detail: String) {
        state.withLock { timeline in
            if timeline.entries.count < Self.limit { timeline.add(event, at: time, detail) }
        }
    }

    /// Observes until the task is cancelled.
    package func run() async {
        await withTaskGroup(of: Void.self) { group in
            for sentinel in stage.sentinels { group.addTask { await self.follow(sentinel) } }
            for node in stage.redis { group.addTask { await self.watchRole(of: node) } }
        }
    }

    private func follow(_ sentinel: StageNode) async {
        var options = RedisConnection.Options()
        options.credentials = stage.sentinelCredentials
        options.tls = stage.tls
        options.protocolVersion = .resp3
        options.connectTimeout = .milliseconds(500)
        options.onPush = { [weak self] push in
            guard let parts = push.elements, parts.count == 3, parts[0].string == "message",
                let channel = parts[1].string, let text = parts[2].string
            else { return }
            self?.note("sentinel.\(channel)", "\(sentinel.name): \(text)")
        }
        while !Task.isCancelled {
            let closed = Gate()
            if let connection = try? await RedisConnection.connect(to: .tcp(sentinel.endpoint), options: options) {
                connection.whenClosed { closed.open() }
                do {
                    if try await connection.subscribe(to: Self.channels) == nil { await closed.wait() }
                } catch {
                    // Gone again; it is asked anew below.
                }
                connection.abandon()
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Asks for the role every 20 ms over one connection, and notes when it changes.
    private func watchRole(of node: StageNode) async {
        var options = RedisConnection.Options()
        options.credentials = stage.nodeCredentials
        options.tls = stage.tls
        options.connectTimeout = .milliseconds(500)
        options.commandTimeout = .milliseconds(500)
        var last: String?
        func noteChange(_ role: String) {
            if let last, last != role { note("redis.role", "\(node.name): \(role), was \(last)") }
            last = role
        }
        while !Task.isCancelled {
            if let connection = try? await RedisConnection.connect(to: .tcp(node.endpoint), options: options) {
                while !Task.isCancelled, let reply = try? await connection.send(["ROLE"]) {
                    noteChange(Self.describe(StackProbe.role(reply)))
                    try? await Task.sleep(for: .milliseconds(20))
                }
                connection.abandon()
            }
            if !Task.isCancelled { noteChange("no answer") }
            try? await Task.sleep(for: .milliseconds(20))
        }
    }

    private static func describe(_ role: StackProbe.Role) -> String {
        switch role {
        case .master: "master"
        case .replica(let master, let isConnected): "replica of \(master)\(isConnected ? "" : " (not linked)")"
        case .none: "no role"
        }
    }
}
