internal import CloudHTTP
internal import Foundation
internal import Logging
internal import RecoveryCore
internal import StateStore
internal import Topology

extension Agent {
    /// Reads what backups there are, looks at everything that may be wrong, and says so: after every run, and now and
    /// then.
    func keepLooking() async {
        let hooks = settings.webhooks.compactMap { url in
            do {
                return try Webhook(url)
            } catch {
                logger.error("\(error)")
                return nil
            }
        }
        var limits = CloudClient.Settings()
        limits.attemptTimeout = .seconds(15)
        limits.retry.attempts = 4
        let client = CloudClient(limits)
        while !isStopping, !Task.isCancelled {
            await lookAround()
            await sayAlerts(hooks, client)
            guard !isStopping, !Task.isCancelled else { break }
            await attention.wait(upTo: lookAgain)
        }
        await client.shutdown()
    }

    private var lookAgain: Duration {
        // What nobody could be told is said again soon; shipping is looked at more often than backups change.
        shipping != nil || !book.messages(now: Date()).isEmpty ? .seconds(5) : .seconds(30)
    }

    private func lookAround() async {
        if factsAt.map({ ContinuousClock.now - $0 > .seconds(60) || runsChanged }) ?? true {
            runsChanged = false
            do {
                facts = try await environment.facts()
                factsError = nil
            } catch is CancellationError {
                return
            } catch {
                factsError = "\(error)"
            }
            factsAt = .now
        }
        let now = Date()
        let (wrong, known) = findings(now: now).alerts(now: now)
        let before = book.open
        book.see(wrong, among: known, now: now)
        for (key, entry) in book.open where before[key] == nil {
            logger.warning("alert: \(entry.text)", metadata: ["alert": "\(key)"])
        }
        for (key, entry) in before where book.open[key] == nil {
            logger.info("recovered: \(entry.text)", metadata: ["alert": "\(key)"])
        }
        remember()
    }

    private func findings(now: Date) -> AgentFindings {
        var findings = AgentFindings(maxLag: settings.topology.maxShippingLag / .seconds(1), since: firstStarted)
        for job in settings.plan.jobs {
            guard let state = states[job.name] else { continue }
            let history = state.standing.history(since: state.since)
            var entry = AgentFindings.Job(
                name: job.name, failures: history.failures,
                detail: state.standing.runs.last { $0.outcome == .failed }?.detail)
            // A job without end is restarted at once; only its failing again and again is worth a word.
            if job.trigger == .always { entry.failures = state.shortRuns >= 3 ? state.shortRuns : 0 }
            if case .cron(let cron) = job.trigger {
                entry.overdue = schedule(job, cron).overdue(
                    history, now: now, tolerance: settings.topology.missedAfter / .seconds(1))
            }
            findings.jobs.append(entry)
            if job.trigger == .always, let running = state.running {
                // What has not been heard of for a while is as far behind.
                let (behind, at) = shipping.map { (Double($0.lagMs) / 1_000, $0.at) } ?? (0, running.startedAt)
                findings.lag = behind + max(0, now.timeIntervalSince(max(at, running.startedAt)) - 10)
            }
        }
        if let factsError {
            findings.unreachable = ["all stores": factsError]
        } else if let facts {
            findings.unreachable = facts.unreachable
            if facts.unreachable.isEmpty {
                findings.newestVerifiedAt = facts.newestVerifiedAt
                findings.verifiedAgeLimit = settings.plan.verifiedAgeLimit(now: now)
            }
        }
        return findings
    }

    private func sayAlerts(_ hooks: [Webhook], _ client: CloudClient) async {
        for message in book.messages(now: Date()) {
            guard !isStopping else { return }
            var heard = hooks.isEmpty
            for hook in hooks {
                do {
                    try await hook.post(message, store: settings.store, node: settings.node, with: client)
                    heard = true
                } catch {
                    logger.error(
                        "an alert could not be delivered",
                        metadata: ["alert": "\(message.entry.key)", "error": "\(error)"])
                }
            }
            guard heard else { continue }
            if case .reminded(let entry) = message {
                logger.warning("alert, still: \(entry.text)", metadata: ["alert": "\(entry.key)"])
            }
            book.told(message, now: Date())
            remember()
        }
    }

    private func remember() {
        let open = book.open.values.sorted { $0.key < $1.key }
        guard open != remembered else { return }
        do {
            try memory.replaceAlerts(open)
            remembered = open
        } catch {
            logger.error("the state cannot be written", metadata: ["error": "\(error)"])
        }
    }
}
