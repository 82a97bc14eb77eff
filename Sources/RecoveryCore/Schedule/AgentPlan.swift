package import Foundation
package import Topology

/// The jobs of one node, from the topology.
package struct AgentPlan: Sendable, Equatable {
    package enum Trigger: Sendable, Hashable {
        case cron(CronSchedule)
        /// Once for each run of that job that succeeded, by whichever node.
        case after(String)
        /// Runs as long as the agent does.
        case always
        /// Only when it is asked for.
        case request
    }

    package struct Job: Sendable, Hashable {
        /// `backup`, `files`, `verify`, `prune`, `files-prune`, `ship`: names in the bucket, in the API and in metrics.
        package var name: String
        package var trigger: Trigger
        /// Of Breakwater's own command line, without the topology file.
        package var arguments: [String]
    }

    package var jobs: [Job] = []
    package var zone: TimeZone
    /// When backups are verified, by whichever node.
    private var verify: CronSchedule?
    private var maxVerifiedAge: Duration?
    /// What the topology asks for and this node cannot do.
    package var warnings: [String] = []

    /// `identity` is where this node has the private key of its backups; nil if it has none.
    package init(_ topology: StoreTopology, node: String, identity: String?) {
        let agent = topology.agent
        zone = topology.backup.flatMap { TimeZone(identifier: $0.timeZone) } ?? .gmt
        maxVerifiedAge = agent.maxVerifiedAge
        guard let backup = topology.backup else { return }
        verify = backup.verify
        let isBackupNode = agent.nodes?.contains(node) ?? true
        if isBackupNode, topology.mysql != nil {
            addDatabaseJobs(backup, identity: identity)
        }
        // Files are where the shop runs.
        let fileNodes = agent.fileNodes ?? topology.web?.nodes ?? agent.nodes
        if let schedule = backup.schedule, backup.files != nil, fileNodes?.contains(node) ?? true {
            jobs.append(Job(name: "files", trigger: .cron(schedule), arguments: ["files", "backup"]))
            if backup.keep != nil {
                jobs.append(
                    Job(name: "files-prune", trigger: .after("files"), arguments: ["files", "prune", "--apply"]))
            }
        }
    }

    /// How old the newest verified backup may be, in seconds; nil when nobody verifies, or demands it.
    package func verifiedAgeLimit(now: Date) -> TimeInterval? {
        if let maxVerifiedAge { return maxVerifiedAge / .seconds(1) }
        guard let verify, let first = verify.next(after: now, in: zone),
            let second = verify.next(after: first, in: zone)
        else { return nil }
        return 2 * second.timeIntervalSince(first) + 86_400
    }

    private mutating func addDatabaseJobs(_ backup: BackupTopology, identity: String?) {
        // Shipping asks for a backup when it cannot go on without a new one.
        if backup.schedule != nil || backup.pointInTime {
            let trigger = backup.schedule.map(Trigger.cron) ?? .request
            jobs.append(Job(name: "backup", trigger: trigger, arguments: ["backup", "create"]))
        }
        if let schedule = backup.verify {
            if let identity {
                jobs.append(
                    Job(
                        name: "verify", trigger: .cron(schedule),
                        arguments: ["backup", "verify", "--identity", identity]))
            } else {
                warnings.append(
                    "`backup.verify` is left to nodes that have the private key: `agent.identity` is not set")
            }
        }
        if backup.keep != nil, let first = backup.verify != nil ? "verify" : backup.schedule.map({ _ in "backup" }) {
            jobs.append(Job(name: "prune", trigger: .after(first), arguments: ["backup", "prune", "--apply"]))
        }
        if backup.pointInTime {
            jobs.append(Job(name: "ship", trigger: .always, arguments: ["backup", "ship", "--no-backup"]))
        }
    }
}
