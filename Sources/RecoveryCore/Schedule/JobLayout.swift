package import Foundation

/// Where the agents of a store agree who runs a job: small objects beside the backups.
///
///     _jobs/backup/20260301T030000Z/1.json          the claim: who runs it, renewed as long as it runs
///     _jobs/backup/20260301T030000Z/1.result.json   how it ended
///
/// The number is the fencing number: the next one is claimed when this one has ended without success or its holder has
/// fallen silent, and whoever sees a higher number than its own stops.
package enum JobLayout {
    package struct Name: Sendable, Hashable {
        package var due: Date
        package var number: Int
        package var isResult: Bool
    }

    /// No database's folder: that of a database of the same name has other things in it, and neither reads the other's.
    package static let folder = "_jobs/"

    package static func folder(of job: String) -> String { "\(folder)\(job)/" }

    package static func folder(of job: String, due: Date) -> String {
        "\(folder(of: job))\(due.formatted(style))/"
    }

    package static func claim(_ job: String, due: Date, number: Int) -> String {
        "\(folder(of: job, due: due))\(number).json"
    }

    package static func result(_ job: String, due: Date, number: Int) -> String {
        "\(folder(of: job, due: due))\(number).result.json"
    }

    /// What an object is; nil for what is none of these.
    package static func read(_ path: String, of job: String) -> Name? {
        guard path.hasPrefix(folder(of: job)) else { return nil }
        let parts = path.dropFirst(folder(of: job).count).split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let due = try? style.parse(String(parts[0])), parts[1].hasSuffix(".json") else {
            return nil
        }
        var name = parts[1].dropLast(5)
        let isResult = name.hasSuffix(".result")
        if isResult { name = name.dropLast(7) }
        guard name.utf8.count <= 9, let number = Int(name), number > 0 else { return nil }
        return Name(due: due, number: number, isResult: isResult)
    }

    private static var style: Date.ISO8601FormatStyle {
        Date.ISO8601FormatStyle(dateSeparator: .omitted, dateTimeSeparator: .standard, timeSeparator: .omitted)
    }
}

/// A node's claim to a run.
package struct JobClaim: Sendable, Codable, Hashable {
    package var job: String
    package var number: Int
    package var node: String
    /// The agent's process: another one after each start.
    package var agent: String
    /// Grows while the holder lives.
    package var renewal: Int
    /// After so long without a renewal, measured on the observer's own clock, the claim is void.
    package var lifetimeSeconds: Double
    /// For people; no decision is made by the clocks of others.
    package var claimedAt: Date

    package init(
        job: String, number: Int, node: String, agent: String, renewal: Int = 0, lifetimeSeconds: Double,
        claimedAt: Date
    ) {
        self.job = job
        self.number = number
        self.node = node
        self.agent = agent
        self.renewal = renewal
        self.lifetimeSeconds = lifetimeSeconds
        self.claimedAt = claimedAt
    }
}
