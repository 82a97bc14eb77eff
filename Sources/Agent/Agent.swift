package import Foundation
package import Logging
internal import Processes
internal import RecoveryCore
internal import ServiceLifecycle
internal import StateStore
internal import Topology

/// Runs the jobs of one node: each when its time has come and no other node has it, as a child process of this very
/// program.
///
/// One task follows each job, so that a job never overlaps itself here; that it does not on another node is what the
/// claims in the bucket are for. What the agent knows is read anew from there before every decision, and what it
/// remembers by itself is for people and for times without a bucket.
package actor Agent: Service {
    /// What the agent has from outside itself.
    package struct Environment: Sendable {
        /// Of the first store; it need not delete.
        package var board: JobBoard
        /// Deletes old claims of a job, with the keys that may.
        package var tidy: @Sendable (_ job: String) async throws -> Void
        /// What backups there are.
        package var facts: @Sendable () async throws -> StoreFacts

        package init(
            board: JobBoard, tidy: @escaping @Sendable (String) async throws -> Void,
            facts: @escaping @Sendable () async throws -> StoreFacts
        ) {
            self.board = board
            self.tidy = tidy
            self.facts = facts
        }
    }

    /// What is known of a job here.
    struct JobState {
        var since: Date
        var standing: JobStanding
        /// Results that were read, by their keys.
        var known: [String: JobRun] = [:]
        var watch: JobWatch
        /// Somebody wants it now.
        var request: Request?
        var running: Running?
        /// The other node that runs it.
        var elsewhere: String?
        var nextRunAt: Date?
        /// Of a job without end: how often it ended soon after its start, and when it is started again.
        var shortRuns = 0
        var notBefore: Date?
    }

    struct Request {
        var due: Date
        /// Until it has succeeded.
        var insists: Bool
    }

    struct Running {
        var due: Date
        var startedAt: Date
        /// The last line of standard output, and the last that was said of an error.
        var output: String?
        var said: String?
        var wasSuperseded = false
    }

    /// How long jobs are given to stop, before they are killed.
    static let stopping = Duration.seconds(20)
    /// How old what is known of a bucket may be while there is nothing to do.
    static let glance = Duration.seconds(30)

    let settings: AgentSettings
    let environment: Environment
    let logger: Logger
    let memory: StateStore
    let children: Children
    /// Another one after each start.
    let id = UUID().uuidString.lowercased()
    let startedAt = Date()
    let bells: [String: Bell]
    let attention = Bell()
    private let lock: FileLock
    var states: [String: JobState] = [:]
    var isStopping = false
    var shipping: AgentStatus.Shipping?
    var facts: StoreFacts?
    /// Why the stores could not be read at all, and when they were read last.
    var factsError: String?
    var factsAt: ContinuousClock.Instant?
    /// A run has ended since then.
    var runsChanged = false
    var book: AlertBook
    /// The open alerts, as the state has them.
    var remembered: [AlertBook.Entry]
    /// When this node's agent was started for the first time.
    let firstStarted: Date
    /// Why the bucket could not be asked the last time.
    var boardError: String?

    /// Takes the state directory.
    /// - Throws: `AgentError`, `StateStoreError`, `ProcessError`.
    package init(_ settings: AgentSettings, _ environment: Environment, logger: Logger) throws {
        guard let lock = try FileLock.take("\(settings.state)/lock") else {
            throw AgentError.runningAlready(state: settings.state)
        }
        self.lock = lock
        self.settings = settings
        self.environment = environment
        self.logger = logger
        memory = try StateStore(path: "\(settings.state)/state.sqlite")
        children = try Children(program: settings.program)
        bells = Dictionary(uniqueKeysWithValues: settings.plan.jobs.map { ($0.name, Bell()) })
        remembered = try memory.alerts()
        book = AlertBook(remembered)
        firstStarted = try memory.following("", schedule: "agent", now: startedAt)
        let closed = try memory.closeInterrupted(at: startedAt)
        if closed > 0 { logger.warning("runs were interrupted", metadata: ["count": "\(closed)"]) }
        for job in settings.plan.jobs {
            states[job.name] = JobState(
                since: try memory.following(job.name, schedule: job.trigger.text, now: startedAt),
                standing: JobStanding(remembered: try memory.runs(of: job.name, limit: 50)),
                watch: JobWatch(node: settings.node, agent: id))
        }
    }

    /// Runs until a graceful shutdown: then nothing new is started, what runs is told to stop, and how it ended is
    /// noted.
    ///
    /// - Throws: `AgentError.guardianGone`, `CancellationError`.
    package func run() async throws {
        logger.info(
            "the agent runs",
            metadata: [
                "node": "\(settings.node)", "jobs": "\(settings.plan.jobs.map(\.name).joined(separator: " "))",
                "agent": "\(id)",
            ])
        for warning in settings.plan.warnings { logger.warning("\(warning)") }
        defer { children.supervisor.end() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for job in settings.plan.jobs { group.addTask { try await self.follow(job) } }
            group.addTask { await self.keepLooking() }
            group.addTask {
                try? await gracefulShutdown()
                await self.stop()
            }
            do {
                try await group.waitForAll()
            } catch {
                await stop()
                group.cancelAll()
                throw error
            }
        }
        logger.info("the agent has stopped")
    }

    /// A clock of this machine that never jumps.
    var uptime: Duration { ContinuousClock.now - Self.epoch }

    private static let epoch = ContinuousClock.now

    private func stop() async {
        guard !isStopping else { return }
        isStopping = true
        children.supervisor.beginStopping()
        let running = Array(children.supervisor.running.keys)
        logger.info("stopping", metadata: ["running": "\(running.sorted().joined(separator: " "))"])
        for name in running { children.supervisor.signal(name, SIGTERM) }
        for bell in bells.values { bell.ring() }
        attention.ring()
        let deadline = ContinuousClock.now + Self.stopping
        while !children.supervisor.running.isEmpty, ContinuousClock.now < deadline, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(50))
        }
        for name in children.supervisor.running.keys { children.supervisor.signal(name, SIGKILL) }
    }
}

/// What the stores hold, as far as alerts are concerned.
package struct StoreFacts: Sendable, Equatable {
    package var newestBackupAt: Date?
    /// When the newest backup was started that is verified.
    package var newestVerifiedAt: Date?
    /// The stores that cannot be read, and why.
    package var unreachable: [String: String]

    package init(newestBackupAt: Date?, newestVerifiedAt: Date?, unreachable: [String: String]) {
        self.newestBackupAt = newestBackupAt
        self.newestVerifiedAt = newestVerifiedAt
        self.unreachable = unreachable
    }
}

extension AgentPlan.Trigger {
    /// Another text is another schedule.
    var text: String {
        switch self {
        case .cron(let cron): cron.text
        case .after(let job): "after \(job)"
        case .always: "always"
        case .request: "on request"
        }
    }
}
