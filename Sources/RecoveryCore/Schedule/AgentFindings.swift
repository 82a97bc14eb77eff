package import Foundation

/// What an agent sees, as far as it may be worth an alert.
package struct AgentFindings: Sendable, Equatable {
    package struct Job: Sendable, Equatable {
        package var name: String
        /// Runs that failed since the last one that did not, and what was said of the last of them.
        package var failures: Int
        package var detail: String?
        /// The moment that should have been served long ago.
        package var overdue: Date?

        package init(name: String, failures: Int, detail: String? = nil, overdue: Date? = nil) {
            self.name = name
            self.failures = failures
            self.detail = detail
            self.overdue = overdue
        }
    }

    package var jobs: [Job] = []
    /// Stores that cannot be used, and why; nil: nobody has looked yet.
    package var unreachable: [String: String]?
    /// How far the bucket is behind the database, in seconds; nil when this node does not ship.
    package var lag: TimeInterval?
    package var maxLag: TimeInterval
    /// When the newest verified backup was started; nil when there is none.
    package var newestVerifiedAt: Date?
    /// Nil: nobody verifies, or the stores could not be read.
    package var verifiedAgeLimit: TimeInterval?
    /// Since when verified backups are expected.
    package var since: Date

    package init(maxLag: TimeInterval, since: Date) {
        self.maxLag = maxLag
        self.since = since
    }

    /// What is wrong, by the alert's key, and the keys that were looked at. A store's key is `store.` and its name.
    package func alerts(now: Date) -> (wrong: [String: String], known: Set<String>) {
        var wrong: [String: String] = [:]
        var known: Set<String> = ["shipping.lag"]
        for job in jobs {
            known.formUnion(["\(job.name).failed", "\(job.name).missed"])
            if job.failures > 0 {
                let times = job.failures == 1 ? "" : " \(job.failures) times in a row"
                wrong["\(job.name).failed"] = "\(job.name) failed\(times)" + (job.detail.map { ": \($0)" } ?? "")
            }
            if let overdue = job.overdue {
                wrong["\(job.name).missed"] =
                    "\(job.name) was due at \(overdue.formatted(.iso8601)) and has not been done"
            }
        }
        if let lag, lag > maxLag {
            wrong["shipping.lag"] =
                "the bucket is \(Int(lag.rounded())) s behind the database; \(Int(maxLag)) s are allowed"
        }
        if let unreachable {
            known.insert("store.")
            for (store, reason) in unreachable { wrong["store.\(store)"] = "\(store) cannot be used: \(reason)" }
        }
        if let limit = verifiedAgeLimit {
            known.insert("verified.age")
            if now.timeIntervalSince(newestVerifiedAt ?? since) > limit {
                wrong["verified.age"] =
                    newestVerifiedAt.map { "the newest verified backup is of \($0.formatted(.iso8601))" }
                    ?? "no backup has been verified"
            }
        }
        return (wrong, known)
    }
}
