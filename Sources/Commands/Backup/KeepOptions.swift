package import ArgumentParser
internal import Foundation
internal import RecoveryCore
internal import Topology

/// `--keep-last` and its brothers: a policy instead of the topology's.
package struct KeepOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Keep the newest so many.", valueName: "number"))
    package var keepLast: Int?
    @Option(help: ArgumentHelp("Keep the newest of each of so many hours.", valueName: "number"))
    package var keepHourly: Int?
    @Option(help: ArgumentHelp("… days.", valueName: "number"))
    package var keepDaily: Int?
    @Option(help: ArgumentHelp("… ISO weeks.", valueName: "number"))
    package var keepWeekly: Int?
    @Option(help: ArgumentHelp("… months.", valueName: "number"))
    package var keepMonthly: Int?
    @Option(help: ArgumentHelp("… years.", valueName: "number"))
    package var keepYearly: Int?
    @Option(
        help: ArgumentHelp(
            "Keep all that are so much older than the newest at most, such as 14d.", valueName: "duration"),
        transform: Self.duration)
    package var keepWithin: Duration?
    @Option(
        help: ArgumentHelp(
            "Whose days, weeks and months count (default: the topology's, or UTC).", valueName: "name"))
    package var timeZone: String?

    package init() {}

    package func validate() throws {
        for number in [keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly] {
            guard (0...10_000).contains(number ?? 0) else { throw ValidationError("--keep takes 0 to 10000") }
        }
    }

    /// Nil when none of the options is there.
    var policy: RetentionPolicy? {
        let numbers = [keepLast, keepHourly, keepDaily, keepWeekly, keepMonthly, keepYearly]
        guard keepWithin != nil || numbers.contains(where: { $0 != nil }) else { return nil }
        return RetentionPolicy(
            last: keepLast ?? 0, hourly: keepHourly ?? 0, daily: keepDaily ?? 0, weekly: keepWeekly ?? 0,
            monthly: keepMonthly ?? 0, yearly: keepYearly ?? 0, within: keepWithin ?? .zero)
    }

    /// What decides by these options, or else by the topology; nil without any policy.
    func retention(_ backup: BackupTopology?) throws -> Retention? {
        let zoneName = timeZone ?? backup?.timeZone ?? "UTC"
        guard let zone = TimeZone(identifier: zoneName) else {
            throw BackupPlace.unusable("--time-zone", "\(zoneName) is no time zone", "such as Europe/Berlin")
        }
        do {
            return try (policy ?? backup?.keep).map { policy throws(Retention.EmptyPolicy) in
                try Retention(policy, timeZone: zone)
            }
        } catch {
            throw UserFacingError(
                code: "backup.keep_empty", summary: "the policy keeps nothing, and would delete every backup",
                hint: "say how many to keep: `backup.keep`, or --keep-last, --keep-daily, …", status: .refused)
        }
    }

    static func duration(_ text: String) throws -> Duration {
        guard let duration = Duration(topologyText: text) else {
            throw ValidationError("'\(text)' is no duration such as 24h or 14d")
        }
        return duration
    }
}
