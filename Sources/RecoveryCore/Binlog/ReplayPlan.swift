package import Binlog
internal import Foundation

/// What a restore to a moment takes: a backup, and the segments of the log that go on from it.
package struct ReplayPlan: Sendable, Equatable {
    package var backup: BackupID
    package var target: ReplayTarget
    /// What the backup holds already.
    package var position: GTIDState
    /// In the order in which they are replayed; the last one may hold what is beyond the target.
    package var segments: [BinlogSegment]
    /// Everything that was committed until then can be had.
    package var coveredUntil: LogTime?

    /// Chooses the newest backup that is not beyond the target.
    ///
    /// - Parameters:
    ///   - backups: Of one database, in any order.
    ///   - segments: Of its log, in the order of their numbers.
    ///   - target: Where to.
    /// - Throws: `ReplayFault`; of several backups that cannot be used, that of the newest.
    package init(
        backups: [BackupManifest], segments: [BinlogSegment], target: ReplayTarget
    ) throws(ReplayFault) {
        var fault: ReplayFault?
        for backup in backups.sorted(by: { $0.startedAt > $1.startedAt }) {
            do throws(ReplayFault) {
                let position = try Self.position(of: backup, target)
                if segments.isEmpty { throw .noLog }
                let family = backup.source.family
                guard segments.contains(where: { $0.family == family }) else {
                    throw .otherFamily(backup.id, family)
                }
                let chain = try Self.chain(from: position, of: backup, segments, target)
                self.backup = backup.id
                self.target = target
                self.position = position
                self.segments = chain.0
                coveredUntil = chain.1
                return
            } catch {
                // That the newest ones are beyond the target says less than what is wrong with an older one.
                if case .newer = fault { fault = error } else { fault = fault ?? error }
            }
        }
        if case .newer = fault, backups.count > 1 { throw .noBackupBefore(target) }
        throw fault ?? .noBackupBefore(target)
    }

    private static func position(
        of backup: BackupManifest, _ target: ReplayTarget
    ) throws(ReplayFault) -> GTIDState {
        guard backup.snapshot.consistent, let text = backup.snapshot.position?.gtid,
            let state = try? GTIDState(text, family: backup.source.family)
        else { throw .noPosition(backup.id) }
        switch target {
        case .time(let time) where LogTime(backup.startedAt) > time: throw .newer(backup.id, target)
        case .before(let gtid) where state.contains(gtid): throw .newer(backup.id, target)
        case .through(let gtid) where state.contains(gtid): throw .newer(backup.id, target)
        default: return state
        }
    }

    /// The segments behind a position, each going on where the one before it ended, and until when they reach.
    private static func chain(
        from position: GTIDState, of backup: BackupManifest, _ segments: [BinlogSegment], _ target: ReplayTarget
    ) throws(ReplayFault) -> ([BinlogSegment], LogTime?) {
        var chain: [BinlogSegment] = []
        var covered: LogTime?
        var end: GTIDState?
        var isFound = target.gtid == nil
        for segment in segments where segment.family == backup.source.family {
            guard let from = segment.fromState, let to = segment.toState else { continue }
            if position.isSuperset(of: to) {
                // Its snapshot was opened after the moment.
                if case .time(let time) = target, segment.lastCommittedAt > time { throw .newer(backup.id, target) }
                covered = max(covered ?? segment.coveredUntil, segment.coveredUntil)
                continue
            }
            if isEnough(covered, before: segment, target, isFound) { break }
            guard end == from || position.isSuperset(of: from) else {
                throw .gap(
                    .init(
                        backup: backup.id, after: (end ?? position).description,
                        since: covered ?? LogTime(backup.startedAt), number: segment.number, from: segment.from,
                        begins: segment.firstCommittedAt))
            }
            chain.append(segment)
            covered = segment.coveredUntil
            end = to
            if let gtid = target.gtid, to.contains(gtid), !from.contains(gtid) { isFound = true }
        }
        if let gtid = target.gtid, !isFound { throw .unknownGTID(gtid, until: covered) }
        if case .time(let time) = target, covered.map({ $0 < time }) ?? true {
            throw .notCovered(target, until: covered)
        }
        return (chain, covered)
    }

    /// Whether the segments so far reach the target.
    private static func isEnough(
        _ covered: LogTime?, before next: BinlogSegment, _ target: ReplayTarget, _ isFound: Bool
    ) -> Bool {
        switch target {
        case .latest: false
        // Servers that tell only the second of a commit may have more of that second in the next one.
        case .time(let time): covered.map { $0 >= time } == true && next.firstCommittedAt > time
        case .through, .before: isFound
        }
    }
}
