import Foundation
import LoopbackServers
import MySQLClient

/// Plays injections of one family, one after the other, and looks after each whether everything holds that must.
struct FaultCampaign {
    var ground: FaultGround
    /// What the shop is, and every copy of it must be.
    let portrait: [String]
    var usual: [Injection.Job: Strike.Usual] = [:]
    /// Listed backups of which a restore was compared, the newest first.
    private(set) var known: [String] = []

    init(_ flavour: LoopbackDatabase.Flavour, _ stores: FaultyStores) async throws {
        ground = try await FaultGround(flavour, stores)
        portrait = try await ground.portrait(of: FaultGround.shop)
        guard portrait.contains(where: { $0.hasPrefix("orders: 900 rows") }),
            !portrait.contains(where: { $0.contains("no digest") })
        else { throw LoopbackError("the shop is not what it should be: \(portrait)") }
        try await measure()
    }

    /// Each job without faults: how long it takes, and how many requests.
    private mutating func measure() async throws {
        let proxy = try FaultyProxy(before: ground.objectServer)
        defer { proxy.stop() }
        let store = ground.store(at: proxy.place)
        func job(_ job: Injection.Job, _ start: () throws -> BreakwaterProgram.Running) async throws {
            let (begin, before) = (ContinuousClock.now, proxy.requestCount)
            let outcome = try await start().end()
            guard outcome.status == 0 else { throw LoopbackError("\(job) without faults: \(outcome)") }
            usual[job] = .init(time: ContinuousClock.now - begin, requests: proxy.requestCount - before)
        }
        for _ in 0..<2 { try await job(.dump) { try ground.create(in: store) } }
        known = try await ground.list(ground.store()).backups
        let newest = known[0]
        try await job(.restore) { try ground.restore(newest, from: store) }
        let copy = try await ground.portrait(of: ground.copy)
        guard copy == portrait else { throw LoopbackError("a restore differs: \(Self.difference(copy, portrait))") }
        try await ground.dropCopy()
        try await job(.prune) { try ground.prune(keeping: 1, in: store) }
        known = try await ground.list(ground.store()).backups
        guard known == [newest] else { throw LoopbackError("prune left \(known)") }
    }

    mutating func play(_ injection: Injection) async -> CampaignReport.Entry {
        let begin = ContinuousClock.now
        ground.copy = "copy\(injection.number)"
        var entry = CampaignReport.Entry(
            number: injection.number, server: injection.flavour.rawValue, job: injection.job.rawValue,
            fault: injection.fault.rawValue, moment: Int(injection.moment * 1000), outcome: "", seconds: 0)
        do {
            switch (injection.job, injection.fault) {
            case (.dump, .diskFull): try await dumpToSmallDisk(injection, &entry)
            case (.dump, _): try await dump(injection, &entry)
            case (.restore, _): try await restore(injection, &entry)
            case (.prune, _): try await prune(injection, &entry)
            }
            try await tidy(&entry)
        } catch {
            entry.violations.append("\(error)")
            try? await ground.dropCopy()
        }
        entry.seconds = ((ContinuousClock.now - begin) / .milliseconds(10)).rounded() / 100
        return entry
    }

    private func strike(_ injection: Injection) -> Strike {
        Strike(
            injection: injection, ground: ground, usual: usual[injection.job] ?? .init(time: .seconds(1), requests: 10))
    }

    private mutating func dump(_ injection: Injection, _ entry: inout CampaignReport.Entry) async throws {
        let (outcome, hung) = try await strike(injection).run { try ground.create(in: $0) }
        note(outcome, hung, &entry)
        if injection.fault == .definitionChanged {
            _ = try? await MySQLConnection.with(ground.database.server.settings(database: FaultGround.shop)) {
                _ = try await $0.query("ALTER TABLE stock DROP COLUMN more")
            }
        }
        let listing = try await ground.list(ground.store())
        entry.violations += listing.problems
        let new = listing.backups.filter { !known.contains($0) }
        entry.listed = new.count
        switch outcome.status {
        case 0:
            let id = try outcome.document()["id"] as? String
            if new.count != 1 || new.first != id { entry.violations.append("made \(id ?? "nothing"), listed \(new)") }
        // What is killed may have been finished just then.
        case ..<0: break
        // Whether the manifest arrived, nobody could find out.
        case 1 where injection.fault == .manifestLost: break
        default: if !new.isEmpty { entry.violations.append("failed, and listed all the same: \(new)") }
        }
        if outcome.status > 0, ![.storeFaults, .storeGone, .manifestLost].contains(injection.fault) {
            let left = try await ground.leftovers(beside: listing.backups)
            if !left.isEmpty { entry.violations.append("it left \(left)") }
        }
        for backup in new { try await check(backup, in: ground.store(), &entry) }
        known = listing.backups
    }

    private mutating func prune(_ injection: Injection, _ entry: inout CampaignReport.Entry) async throws {
        for _ in 0..<2 {
            let made = try await ground.create(in: ground.store()).end()
            if made.status != 0 { entry.violations.append("without faults: \(made.errors)") }
        }
        let (outcome, hung) = try await strike(injection).run { try ground.prune(keeping: 1, in: $0) }
        note(outcome, hung, &entry)
        known = try await ground.list(ground.store()).backups
        entry.listed = known.count
        if known.isEmpty { entry.violations.append("no backup is left") }
        for backup in known { try await check(backup, in: ground.store(), &entry) }
    }

    /// The newest stay; nothing else does.
    private mutating func tidy(_ entry: inout CampaignReport.Entry) async throws {
        let pruned = try await ground.pruneTomorrow(keeping: 2).end()
        if pruned.status != 0 { entry.violations.append("prune: \(pruned.errors)") }
        known = try await ground.list(ground.store()).backups
        let left = try await ground.leftovers(beside: known)
        if !left.isEmpty { entry.violations.append("prune left \(left)") }
    }
}
