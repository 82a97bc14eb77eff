internal import Foundation
internal import Logging
internal import Processes
internal import RecoveryCore
internal import Topology

extension Agent {
    /// Follows one job until the agent stops.
    func follow(_ job: AgentPlan.Job) async throws {
        while !isStopping {
            guard children.supervisor.isAlive else { throw AgentError.guardianGone }
            let pause = await step(job)
            guard !isStopping else { return }
            try Task.checkCancellation()
            await bells[job.name]?.wait(upTo: pause)
        }
    }

    /// Looks whether the job is to be run, and runs it.
    /// - Returns: How long there is nothing to do.
    private func step(_ job: AgentPlan.Job) async -> Duration {
        do {
            try await look(at: job)
            guard let due = try await due(job) else { return pause(job) }
            let standing = states[job.name]?.standing ?? JobStanding()
            switch states[job.name]?.watch.decide(due, standing, uptime: uptime) {
            case .claim(let number)?:
                states[job.name]?.elsewhere = nil
                try await attempt(job, due: due, number: number)
                return .zero
            case .held(let node)?:
                states[job.name]?.elsewhere = node
                return min(.seconds(15), settings.topology.lease / 4)
            case .served?, nil:
                // Another node has just done it.
                states[job.name]?.elsewhere = nil
                if states[job.name]?.request?.due == due { states[job.name]?.request = nil }
                return .seconds(1)
            }
        } catch is CancellationError {
            return .zero
        } catch {
            unreachable(error)
            return .seconds(15)
        }
    }

    /// Reads what the bucket has of the job.
    func look(at job: AgentPlan.Job) async throws {
        let known = states[job.name]?.known ?? [:]
        let (moments, results) = try await environment.board.moments(of: job.name, known: known)
        boardError = nil
        states[job.name]?.known = results
        states[job.name]?.standing.moments = moments
        guard var state = states[job.name] else { return }
        state.elsewhere = state.watch.holder(of: state.standing, uptime: uptime)
        states[job.name] = state
    }

    /// The moment that the job is to be run for now, if there is one; notes when the next one is.
    private func due(_ job: AgentPlan.Job) async throws -> Date? {
        var leader: JobStanding?
        if case .after(let first) = job.trigger {
            // Not ours alone to run, perhaps not ours at all.
            let (moments, _) = try await environment.board.moments(of: first, known: states[first]?.known ?? [:])
            leader = JobStanding(moments: moments, remembered: states[first]?.standing.remembered ?? [])
        }
        guard var state = states[job.name] else { return nil }
        defer { states[job.name] = state }
        let now = Date()
        if let request = state.request, job.trigger != .always {
            state.nextRunAt = state.notBefore.map { max($0, request.due) } ?? request.due
            return state.notBefore.map { $0 <= now } ?? true ? request.due : nil
        }
        switch job.trigger {
        case .request:
            state.nextRunAt = nil
            return nil
        case .always:
            state.nextRunAt = state.notBefore
            return state.notBefore.map { $0 <= now } ?? true ? Self.always : nil
        case .after:
            let decision = state.standing.decide(after: leader ?? JobStanding(), now: now)
            guard case .run(let due) = decision else {
                if case .wait(let until) = decision { state.nextRunAt = until } else { state.nextRunAt = nil }
                return nil
            }
            return due
        case .cron(let cron):
            switch schedule(job, cron).decide(state.standing.history(since: state.since), now: now) {
            case .run(let due):
                state.nextRunAt = now
                return due
            case .wait(let until):
                state.nextRunAt = until
                return nil
            case .never:
                state.nextRunAt = nil
                return nil
            }
        }
    }

    func schedule(_ job: AgentPlan.Job, _ cron: CronSchedule) -> JobSchedule {
        JobSchedule(
            cron, in: settings.plan.zone, jitter: settings.topology.jitter / .seconds(1),
            seed: "\(settings.store)/\(job.name)")
    }

    /// A job without end has one moment, whose numbers grow.
    static let always = Date(timeIntervalSince1970: 0)

    private func pause(_ job: AgentPlan.Job) -> Duration {
        guard let next = states[job.name]?.nextRunAt else { return Self.glance }
        return min(Self.glance, max(.milliseconds(10), .seconds(next.timeIntervalSinceNow)))
    }

    func unreachable(_ error: any Error) {
        if boardError == nil { logger.error("the first store cannot be used", metadata: ["error": "\(error)"]) }
        boardError = "\(error)"
        attention.ring()
    }
}
