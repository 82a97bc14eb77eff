package import Foundation

/// What is known of one job's runs, by all nodes: what the bucket holds of it, and what this node remembers.
package struct JobStanding: Sendable, Equatable {
    /// What is claimed and how it ended, by the moment that it was for.
    package var moments: [Date: [JobLease.Entry]]
    /// Of this node, whether or not the bucket has heard of them.
    package var remembered: [JobRun]

    package init(moments: [Date: [JobLease.Entry]] = [:], remembered: [JobRun] = []) {
        self.moments = moments
        self.remembered = remembered
    }

    /// All runs that have ended, each once, the oldest first.
    package var runs: [JobRun] {
        var runs = moments.values.joined().compactMap(\.result)
        for run in remembered where !runs.contains(where: { $0.due == run.due && $0.number == run.number }) {
            runs.append(run)
        }
        return runs.sorted { ($0.finishedAt, $0.number) < ($1.finishedAt, $1.number) }
    }

    /// What ``JobSchedule`` goes by. A run that was interrupted is no failure: it is made up for without a pause.
    package func history(since: Date) -> JobSchedule.History {
        var history = JobSchedule.History(since: since)
        for run in runs {
            if run.outcome.isSuccess {
                // Another node's clock may be behind; its moment is served all the same.
                let served = max(run.startedAt, run.due)
                history.succeeded = max(history.succeeded ?? served, served)
                (history.failures, history.failed) = (0, nil)
            } else if run.outcome == .failed {
                history.failures += 1
                history.failed = run.finishedAt
            }
        }
        return history
    }

    /// The run that succeeded last.
    package var newestSuccess: JobRun? { runs.last { $0.outcome.isSuccess } }
}

/// Who runs a job, watched by one agent: a ``JobLease`` for each of its moments that is open.
package struct JobWatch: Sendable {
    private let node: String
    private let agent: String
    private var leases: [Date: JobLease] = [:]

    package init(node: String, agent: String) {
        self.node = node
        self.agent = agent
    }

    /// Who is running the job now, for whatever moment but `due`; nil when nobody is.
    package mutating func holder(
        of standing: JobStanding, besides due: Date? = nil, uptime: Duration
    ) -> String? {
        leases = leases.filter { standing.moments[$0.key] != nil }
        var holder: String?
        // Every one of them is looked at, so that each claim's silence is measured from its beginning.
        for (moment, entries) in standing.moments where moment != due {
            if case .held(let node) = decide(moment, entries, uptime) { holder = node }
        }
        return holder
    }

    /// What to do about one moment. A job never overlaps itself: as long as another moment's run goes on, this one
    /// waits.
    package mutating func decide(_ due: Date, _ standing: JobStanding, uptime: Duration) -> JobLease.Decision {
        let holder = holder(of: standing, besides: due, uptime: uptime)
        let decision = decide(due, standing.moments[due] ?? [], uptime)
        if let holder, case .claim = decision { return .held(by: holder) }
        return decision
    }

    private mutating func decide(
        _ due: Date, _ entries: [JobLease.Entry], _ uptime: Duration
    ) -> JobLease.Decision {
        var lease = leases[due] ?? JobLease(node: node, agent: agent)
        defer { leases[due] = lease }
        return lease.decide(entries, uptime: uptime)
    }
}

extension JobStanding {
    /// Whether a job that follows each success of another one is to be run.
    package func decide(after first: JobStanding, now: Date) -> JobSchedule.Decision {
        guard let moment = first.newestSuccess?.due else { return .never }
        let own = runs.filter { $0.due == moment }
        guard !own.contains(where: \.outcome.isSuccess) else { return .never }
        let failures = own.filter { $0.outcome == .failed }
        guard let failed = failures.last?.finishedAt else { return .run(moment) }
        let begin = failed + JobSchedule.pause(after: failures.count)
        return begin <= now ? .run(moment) : .wait(until: begin)
    }
}
