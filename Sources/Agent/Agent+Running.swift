internal import Foundation
internal import Logging
internal import Processes
internal import RecoveryCore
internal import StateStore
internal import Topology

extension Agent {
    /// Claims a run and does it.
    /// - Throws: Errors of the store, when nothing was begun.
    func attempt(_ job: AgentPlan.Job, due: Date, number: Int) async throws {
        let claim = JobClaim(
            job: job.name, number: number, node: settings.node, agent: id,
            lifetimeSeconds: settings.topology.lease / .seconds(1), claimedAt: Date())
        guard try await environment.board.claim(claim, due: due) else {
            return logger.info("another node was faster", metadata: ["job": "\(job.name)"])
        }
        let running = Running(due: due, startedAt: Date())
        states[job.name]?.running = running
        let row = try? memory.begin(
            job: job.name, due: due, number: number, node: settings.node, at: running.startedAt)
        logger.info(
            "started", metadata: ["job": "\(job.name)", "due": "\(due.formatted(.iso8601))", "number": "\(number)"])
        let result = await work(job, claim, due: due)
        let run = ended(job, claim, due: due, result)
        do {
            if let row { try memory.finish(row, run) }
        } catch {
            logger.error("the state cannot be written", metadata: ["error": "\(error)"])
        }
        do {
            try await environment.board.finish(run)
            try await environment.tidy(job.name)
        } catch {
            // Others will run it again when the claim has grown old; no harm is done by that.
            logger.warning(
                "the end of a run is not in the bucket", metadata: ["job": "\(job.name)", "error": "\(error)"])
        }
        settle(job, run)
    }

    /// The child, with its claim renewed as long as it runs.
    private func work(_ job: AgentPlan.Job, _ claim: JobClaim, due: Date) async -> Result<ProcessExit, ProcessError> {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.keep(claim, due: due) }
            defer { group.cancelAll() }
            do throws(ProcessError) {
                return .success(
                    try await children.run(
                        job.name, job.arguments + ["--file", settings.file, "--json"],
                        output: { await self.heard($0, of: job) }, errors: { await self.said($0, of: job) }))
            } catch {
                return .failure(error)
            }
        }
    }

    /// Renews a claim until the task is cancelled. When somebody has claimed a higher number, the run is stopped.
    private func keep(_ claim: JobClaim, due: Date) async {
        var claim = claim
        do {
            while true {
                try await Task.sleep(for: settings.topology.lease / 4)
                do {
                    if try await environment.board.highestNumber(claim.job, due: due) > claim.number { break }
                    claim.renewal += 1
                    try await environment.board.renew(claim, due: due)
                    boardError = nil
                } catch let error as CancellationError {
                    throw error
                } catch {
                    // Without a bucket nobody else can claim it either. A backup that can go on goes on.
                    unreachable(error)
                }
            }
            logger.warning("another node has taken over", metadata: ["job": "\(claim.job)"])
            states[claim.job]?.running?.wasSuperseded = true
            children.supervisor.signal(claim.job, SIGTERM)
            try await Task.sleep(for: Self.stopping)
            children.supervisor.signal(claim.job, SIGKILL)
        } catch {
            // The run is over.
        }
    }

    private func heard(_ line: String, of job: AgentPlan.Job) async {
        guard !line.isEmpty else { return }
        states[job.name]?.running?.output = line
        guard job.trigger == .always, let event = ShipEvent(line: line) else { return }
        await shipped(event)
    }

    private func said(_ line: String, of job: AgentPlan.Job) {
        let text = line.trimmingCharacters(in: .whitespaces)
        guard !text.isEmpty else { return }
        let level: Logger.Level =
            text.hasPrefix("error:") ? .error : text.hasPrefix("warning:") ? .warning : .info
        if level == .error || states[job.name]?.running?.said == nil { states[job.name]?.running?.said = text }
        logger.log(level: level, "\(text)", metadata: ["job": "\(job.name)"])
    }

    /// What became of a run.
    private func ended(
        _ job: AgentPlan.Job, _ claim: JobClaim, due: Date, _ result: Result<ProcessExit, ProcessError>
    ) -> JobRun {
        let running = states[job.name]?.running ?? Running(due: due, startedAt: Date())
        let wasStopped = isStopping || running.wasSuperseded
        var run = JobRun(
            job: job.name, due: due, number: claim.number, node: settings.node, startedAt: running.startedAt,
            finishedAt: Date(), outcome: .failed,
            detail: JobDetail.text(output: job.trigger == .always ? nil : running.output, said: running.said))
        switch result {
        case .success(let exit):
            run.exitCode = exit.signal == nil ? Int(exit.code) : nil
            run.outcome = JobRun.Outcome(exitCode: exit.signal == nil ? exit.code : nil)
            // What runs without end has no success.
            if job.trigger == .always, run.outcome.isSuccess { run.outcome = .interrupted }
            // Killed by somebody else, for want of memory perhaps: tried again, but not at once.
            if run.outcome == .interrupted, !wasStopped, exit.signal != nil {
                run.outcome = .failed
                run.detail = exit.description
            }
        case .failure(let error):
            run.outcome = wasStopped || error.code == "stopping" ? .interrupted : .failed
            run.detail = "\(error)"
        }
        return run
    }

    /// Takes note of a run that has ended, here and for what follows it.
    private func settle(_ job: AgentPlan.Job, _ run: JobRun) {
        logger.log(
            level: run.outcome == .failed ? .error : .info, "\(run.outcome.rawValue)",
            metadata: [
                "job": "\(job.name)", "seconds": "\(Int(run.finishedAt.timeIntervalSince(run.startedAt)))",
                "detail": "\(run.detail.prefix(500))",
            ])
        guard var state = states[job.name] else { return }
        state.running = nil
        state.standing.remembered = Array((state.standing.remembered + [run]).suffix(50))
        if job.trigger == .always {
            let lasted = run.finishedAt.timeIntervalSince(run.startedAt)
            state.shortRuns = lasted > 60 ? 0 : min(10, state.shortRuns + 1)
            state.notBefore = run.finishedAt + min(60, Double(1 << state.shortRuns) / 2)
        } else if let request = state.request, request.due == run.due {
            if run.outcome.isSuccess || !request.insists {
                (state.request, state.notBefore, state.shortRuns) = (nil, nil, 0)
            } else if run.outcome == .failed {
                state.shortRuns += 1
                state.notBefore = run.finishedAt + JobSchedule.pause(after: state.shortRuns)
            }
        } else if state.request?.insists == true, run.outcome.isSuccess, run.startedAt >= state.request?.due ?? .now {
            // A scheduled run has done what was asked for.
            (state.request, state.notBefore, state.shortRuns) = (nil, nil, 0)
        }
        states[job.name] = state
        for follower in settings.plan.jobs where follower.trigger == .after(job.name) { bells[follower.name]?.ring() }
        runsChanged = true
        attention.ring()
    }
}
