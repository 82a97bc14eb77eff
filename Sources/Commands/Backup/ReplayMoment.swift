package import ArgumentParser
internal import Binlog
internal import Foundation
internal import RecoveryCore
internal import Topology

/// `--until`, `--until-gtid`, `--before-gtid`: the moment to which a restore goes.
package struct ReplayMoment: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Replay the shipped binary log until then: 2026-03-01T14:05:00Z, \"2026-03-01 14:05:00\" in the topology's "
                + "time zone, or `now` for all that was shipped. The newest backup before it is taken.",
            valueName: "time"))
    package var until: String?
    @Option(
        help: ArgumentHelp("Replay up to this transaction, and with it.", valueName: "gtid"))
    package var untilGtid: String?
    @Option(
        help: ArgumentHelp(
            "Replay up to just before this transaction, such as the one that dropped a table (`breakwater backup log "
                + "--statements`).", valueName: "gtid"))
    package var beforeGtid: String?

    package init() {}

    package func validate() throws {
        guard [until, untilGtid, beforeGtid].compactMap(\.self).count < 2 else {
            throw ValidationError("--until, --until-gtid and --before-gtid are different moments: say one")
        }
    }

    var isWanted: Bool { until != nil || untilGtid != nil || beforeGtid != nil }

    /// Nil when none is wanted.
    func target(_ topology: StoreTopology?) throws -> ReplayTarget? {
        if let until { return try Self.target(until, zoneName: topology?.backup?.timeZone ?? "UTC") }
        if let untilGtid { return .through(try Self.gtid(untilGtid, "--until-gtid")) }
        if let beforeGtid { return .before(try Self.gtid(beforeGtid, "--before-gtid")) }
        return nil
    }

    private static func gtid(_ text: String, _ option: String) throws -> GTID {
        do {
            return try GTID(text)
        } catch {
            throw BackupPlace.unusable(
                option, "\(text) is no GTID",
                "such as 0-1-4711 (MariaDB) or 3e11fa47-71ca-11e1-9e33-c80aa9429562:23 (MySQL)")
        }
    }

    static func target(_ text: String, zoneName: String) throws -> ReplayTarget {
        if text == "now" || text == "latest" { return .latest }
        return .time(try time(text, option: "--until", zoneName: zoneName))
    }

    /// A moment as people write it.
    static func time(_ text: String, option: String, zoneName: String) throws -> LogTime {
        for style in [Date.ISO8601FormatStyle(includingFractionalSeconds: true), Date.ISO8601FormatStyle()] {
            if let date = try? style.parse(text) { return LogTime(date) }
        }
        guard let zone = TimeZone(identifier: zoneName), let date = local(text, zone) else {
            throw BackupPlace.unusable(
                option, "\(text) is no time",
                "such as 2026-03-01T14:05:00Z, \"2026-03-01 14:05:00\" in \(zoneName), or now")
        }
        return LogTime(date)
    }

    /// `2026-03-01 14:05[:07]`; nil too for a time that the zone skips.
    private static func local(_ text: String, _ zone: TimeZone) -> Date? {
        let halves = text.split(separator: text.contains("T") ? "T" : " ", omittingEmptySubsequences: false)
        guard halves.count == 2 else { return nil }
        let numbers = [
            halves[0].split(separator: "-", omittingEmptySubsequences: false),
            halves[1].split(separator: ":", omittingEmptySubsequences: false),
        ].map { $0.map { $0.utf8.allSatisfy { (48...57).contains($0) } ? Int($0) ?? -1 : -1 } }
        guard numbers[0].count == 3, (2...3).contains(numbers[1].count), !numbers.joined().contains(-1) else {
            return nil
        }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = zone
        let wanted = DateComponents(
            year: numbers[0][0], month: numbers[0][1], day: numbers[0][2], hour: numbers[1][0],
            minute: numbers[1][1], second: numbers[1].count == 3 ? numbers[1][2] : 0)
        guard let date = calendar.date(from: wanted) else { return nil }
        let found = calendar.dateComponents([.year, .month, .day, .hour, .minute, .second], from: date)
        return found == wanted ? date : nil
    }
}
