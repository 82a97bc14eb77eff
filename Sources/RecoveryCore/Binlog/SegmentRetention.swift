package import Binlog

/// Decides which segments of a log no backup needs any more.
///
/// 1. A segment goes when every backup that stays holds all of it already, and all segments before it go.
/// 2. The newest one stays: there the shipping goes on.
/// 3. What a backup needs whose position is not known cannot be told: then all of them stay.
package enum SegmentRetention {
    /// - Parameters:
    ///   - segments: In the order of their numbers.
    ///   - positions: Of the backups that stay; nil for one that does not say which transactions it holds.
    /// - Returns: How many go, from the first on.
    package static func dispensable(_ segments: [BinlogSegment], positions: [GTIDState?]) -> Int {
        let known = positions.compactMap(\.self)
        guard !known.isEmpty, known.count == positions.count else { return 0 }
        return segments.dropLast().prefix { segment in
            guard let end = segment.toState else { return false }
            return known.allSatisfy { $0.isSuperset(of: end) }
        }.count
    }
}
