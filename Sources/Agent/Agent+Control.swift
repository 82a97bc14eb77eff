package import Foundation
internal import Logging
package import RecoveryCore
internal import Topology

extension Agent {
    /// What an agent answers to the wish that a job be run.
    package enum RunAnswer: Sendable, Equatable {
        /// The moment that its run is for.
        case started(due: Date)
        case running(on: String)
        case unknownJob
        case stopping
    }

    /// Starts a job now, whatever its schedule says.
    package func request(_ name: String, insists: Bool = false) async -> RunAnswer {
        guard let job = settings.plan.jobs.first(where: { $0.name == name }) else { return .unknownJob }
        guard !isStopping else { return .stopping }
        // A bucket that does not answer is the matter of the run.
        if states[name]?.running == nil { try? await look(at: job) }
        guard var state = states[name] else { return .unknownJob }
        // What runs has begun too early for whoever insists.
        if !insists || job.trigger == .always {
            if state.running != nil { return .running(on: settings.node) }
            if let node = state.elsewhere { return .running(on: node) }
        }
        var due = Date(timeIntervalSince1970: Date().timeIntervalSince1970.rounded(.down))
        if let newest = state.standing.runs.map(\.due).max(), newest >= due { due = newest + 1 }
        state.notBefore = nil
        if job.trigger == .always {
            due = Self.always
        } else {
            state.request = Request(due: state.request?.due ?? due, insists: insists || state.request?.insists == true)
            due = state.request?.due ?? due
        }
        states[name] = state
        bells[name]?.ring()
        return .started(due: due)
    }

    package func status() -> AgentStatus {
        var status = AgentStatus(
            node: settings.node, store: settings.store, startedAt: startedAt,
            jobs: settings.plan.jobs.map { job in
                var entry = AgentStatus.Job(name: job.name, schedule: nil)
                if case .cron(let cron) = job.trigger { entry.schedule = cron.text }
                guard let state = states[job.name] else { return entry }
                if state.running != nil {
                    (entry.state, entry.node) = (.running, settings.node)
                } else if let node = state.elsewhere {
                    (entry.state, entry.node) = (.elsewhere, node)
                }
                entry.nextRunAt = entry.state == .waiting ? state.nextRunAt : nil
                entry.last = state.standing.runs.last
                entry.failures = state.standing.history(since: state.since).failures
                return entry
            })
        status.shipping = shipping
        status.newestBackupAt = facts?.newestBackupAt
        status.newestVerifiedAt = facts?.newestVerifiedAt
        status.alerts = book.open.values.sorted { $0.key < $1.key }
        return status
    }

    /// A line of the shipping job.
    func shipped(_ event: ShipEvent) async {
        if let lag = event.lagMs { shipping = AgentStatus.Shipping(lagMs: lag, at: Date()) }
        if event.event == "gap", event.needsBackup ?? true {
            logger.warning("the log has a gap: a new backup begins", metadata: ["reason": "\(event.reason ?? "?")"])
            _ = await request("backup", insists: true)
        }
    }
}
