import Foundation
import LoopbackServers
import MySQLClient

extension FaultCampaign {
    /// What is killed is run again until it is done.
    mutating func restore(_ injection: Injection, _ entry: inout CampaignReport.Entry) async throws {
        guard let backup = known.first else { throw LoopbackError("there is no backup") }
        let usual = usual[.restore] ?? .init(time: .seconds(1), requests: 10)
        let strike = Strike(injection: injection, ground: ground, usual: usual)
        var (outcome, hung) = try await strike.run { try ground.restore(backup, from: $0) }
        note(outcome, hung, &entry)
        entry.finished = "at once"
        if injection.fault == .programKilledTwice, outcome.status < 0 {
            (outcome, hung) = try await strike.run { try ground.restore(backup, from: $0) }
            note(outcome, hung, &entry)
            entry.finished = "resumed"
        }
        var attempts = 0
        while outcome.status != 0 {
            attempts += 1
            guard attempts <= 2 else {
                entry.violations.append("it cannot be finished")
                break
            }
            if attempts > 1 {
                // A server that was killed may have lost a table of its own, and says so. Nobody else's fault is forgiven.
                if injection.fault != .serverKilled { entry.violations.append("it did not go on") }
                ground.copy += "_again"
            }
            let wasKilled = outcome.status < 0
            outcome = try await ground.restore(backup, from: ground.store()).end()
            entry.finished = attempts > 1 ? "in another database" : "resumed"
            guard outcome.status != 0 else { break }
            let code = try outcome.code() ?? "no code"
            if wasKilled, code == "restore.not_empty" {
                // All was done but saying so. The comparison tells.
                entry.finished = "was complete"
                break
            }
            entry.said.append(words(outcome))
        }
        try await compare(&entry)
    }

    /// A listed backup restores, to what the shop is.
    func check(_ backup: String, in store: String, _ entry: inout CampaignReport.Entry) async throws {
        let outcome = try await ground.restore(backup, from: store).end()
        guard outcome.status == 0 else {
            entry.violations.append("\(backup) is listed and does not restore: \(outcome.errors)")
            return try await ground.dropCopy()
        }
        try await compare(&entry)
    }

    private func compare(_ entry: inout CampaignReport.Entry) async throws {
        let copy = try await ground.portrait(of: ground.copy)
        if copy == portrait {
            entry.compared += 1
        } else {
            entry.violations.append("what was restored differs: \(Self.difference(copy, portrait))")
        }
        do {
            try await ground.dropCopy()
        } catch let error as MySQLError where error.code == 1010 {
            // As above: its files are there, and no table of it.
            entry.said.append("the copy cannot be dropped: \(error)")
        }
    }

    static func difference(_ copy: [String], _ shop: [String]) -> String {
        let (copies, shops) = (Set(copy), Set(shop))
        return "missing \(shop.filter { !copies.contains($0) }), instead \(copy.filter { !shops.contains($0) })"
    }

    /// A directory on a file system of its own, which most likely has no room for a backup.
    func dumpToSmallDisk(_ injection: Injection, _ entry: inout CampaignReport.Entry) async throws {
        guard geteuid() == 0 else {
            entry.outcome = "not root"
            return
        }
        let folder = ground.program.folder.appending(path: "small-\(injection.number)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        // A backup of the shop has 9.3 MB.
        let size = 64 << 10 + Int(injection.moment * 11 * 1_048_576)
        _ = try output(of: ["mount", "-t", "tmpfs", "-o", "size=\(size)", "tmpfs", folder.path])
        defer { _ = try? output(of: ["umount", folder.path]) }
        let store = "dir:\(folder.path)/backups"
        let outcome = try await ground.create(in: store).end()
        note(outcome, false, &entry)
        let listing = try await ground.list(store)
        entry.listed = listing.backups.count
        entry.violations += listing.problems
        if (outcome.status == 0) != (listing.backups.count == 1) {
            entry.violations.append("status \(outcome.status), listed \(listing.backups)")
        }
        for backup in listing.backups { try await check(backup, in: store, &entry) }
        let files = ground.program.files(below: "small-\(injection.number)")
        if outcome.status != 0, !files.isEmpty { entry.violations.append("it left \(files)") }
    }

    func note(_ outcome: BreakwaterProgram.Outcome, _ hung: Bool, _ entry: inout CampaignReport.Entry) {
        let word =
            switch outcome.status {
            case 0: "done"
            case 4: "done in part"
            case 130: "interrupted"
            case -SIGKILL, -SIGTERM: "killed"
            case 1: (try? outcome.code()) ?? "failed without a code"
            default: "status \(outcome.status)"
            }
        entry.outcome += entry.outcome.isEmpty ? word : ", \(word)"
        if hung { entry.violations.append("it hung") }
        if ![0, 1, 4, 130, -SIGKILL, -SIGTERM].contains(outcome.status) || word == "failed without a code" {
            entry.violations.append("it ended with \(outcome.status): \(outcome.output)\(outcome.errors)")
        }
        if outcome.status == 1 { entry.said.append(words(outcome)) }
    }

    /// The first line of what it said of its failure, without this machine's folders.
    private func words(_ outcome: BreakwaterProgram.Outcome) -> String {
        let lines = outcome.errors.split(separator: "\n")
        return String((lines.first { $0.hasPrefix("error") } ?? lines.first ?? "nothing").prefix(300)).replacing(
            ground.program.folder.path, with: "…")
    }
}
