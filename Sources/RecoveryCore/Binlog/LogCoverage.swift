internal import Binlog
internal import Foundation

/// From when to when a database can be restored to any moment.
package struct LogCoverage: Sendable, Equatable {
    /// Segments without a gap, and the backups that they go on from.
    package struct Stretch: Sendable, Equatable {
        /// Numbers of the first and the last segment.
        package var first: UInt64
        package var last: UInt64
        /// Nil when no backup leads into it: then nothing of it can be had.
        package var restorableFrom: LogTime?
        package var restorableUntil: LogTime
        /// The newest first.
        package var backups: [BackupID]
        package var transactions: Int
        package var storedBytes: UInt64
        package var newestTransaction: LogTime
        /// What the log holds up to here.
        package var position: String
    }

    /// What is missing between two stretches.
    package struct Gap: Sendable, Equatable {
        package var after: UInt64
        package var before: UInt64
        package var from: LogTime
        package var until: LogTime

        package init(after: UInt64, before: UInt64, from: LogTime, until: LogTime) {
            self.after = after
            self.before = before
            self.from = from
            self.until = until
        }
    }

    /// The oldest first.
    package var stretches: [Stretch] = []
    package var gaps: [Gap] = []

    /// - Parameters:
    ///   - backups: Of one database.
    ///   - segments: Of its log, in the order of their numbers.
    package init(backups: [BackupManifest], segments: [BinlogSegment]) {
        let positions = backups.sorted { $0.startedAt > $1.startedAt }.compactMap { backup in
            backup.snapshot.position?.gtid.flatMap { try? GTIDState($0, family: backup.source.family) }
                .map { (backup, $0) }
        }
        var runs: [[BinlogSegment]] = []
        for segment in segments {
            if let last = runs.last?.last, last.family == segment.family, last.toState == segment.fromState {
                runs[runs.count - 1].append(segment)
            } else {
                if let last = runs.last?.last {
                    gaps.append(
                        Gap(
                            after: last.number, before: segment.number, from: last.coveredUntil,
                            until: segment.firstCommittedAt))
                }
                runs.append([segment])
            }
        }
        stretches = runs.compactMap { run in
            guard let first = run.first, let last = run.last, let from = first.fromState, let to = last.toState else {
                return nil
            }
            // A backup that holds more than the stretch belongs to the next one.
            let leading = positions.filter { $0.1.isSuperset(of: from) && (to.isSuperset(of: $0.1) || $0.1 == to) }
            return Stretch(
                first: first.number, last: last.number,
                restorableFrom: leading.last.map { LogTime($0.0.startedAt) }, restorableUntil: last.coveredUntil,
                backups: leading.map(\.0.id), transactions: run.reduce(0) { $0 + $1.transactions },
                storedBytes: run.reduce(0) { $0 &+ $1.storedBytes }, newestTransaction: last.lastCommittedAt,
                position: last.to)
        }
    }
}
