/// A set of GTIDs as MySQL writes it: `3e11fa47-71ca-11e1-9e33-c80aa9429562:1-3:11:47-49,…`.
package struct MySQLGTIDSet: Sendable, Hashable, CustomStringConvertible {
    /// By source, in order, apart from each other by at least one number.
    private var intervals: [String: [ClosedRange<Int64>]] = [:]

    package init() {}

    /// Blanks and line ends between the parts do not matter, nor does their order.
    /// - Throws: `malformed`; `unsupported` for tags (MySQL 8.3 and newer).
    package init(_ text: String) throws(BinlogError) {
        for part in text.filter({ !$0.isWhitespace }).split(separator: ",") {
            let fields = part.split(separator: ":", omittingEmptySubsequences: false)
            guard fields.count > 1, let source = fields.first.flatMap({ MySQLGTID.source($0) }) else {
                throw .malformed("\"\(part.prefix(100))\" is no set of GTIDs")
            }
            for field in fields.dropFirst() {
                if let first = field.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) {
                    throw .unsupported("GTIDs with tags")
                }
                let ends = field.split(separator: "-", omittingEmptySubsequences: false).map { MySQLGTID.number($0) }
                guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1] else {
                    throw .malformed("\"\(field.prefix(100))\" is no interval of GTIDs")
                }
                // An interval that ends before it begins is empty to servers, too.
                if low <= high { insert(low...high, of: source) }
            }
        }
    }

    package var isEmpty: Bool { intervals.isEmpty }

    package var description: String {
        intervals.sorted { $0.key < $1.key }.map { source, ranges in
            ranges.reduce(source) { text, range in
                text + ":\(range.lowerBound)" + (range.count == 1 ? "" : "-\(range.upperBound)")
            }
        }.joined(separator: ",")
    }

    package func contains(_ gtid: MySQLGTID) -> Bool {
        intervals[gtid.source]?.contains { $0.contains(gtid.number) } ?? false
    }

    package func isSuperset(of other: MySQLGTIDSet) -> Bool {
        other.intervals.allSatisfy { source, ranges in
            let own = intervals[source] ?? []
            return ranges.allSatisfy { range in
                own.contains { $0.lowerBound <= range.lowerBound && range.upperBound <= $0.upperBound }
            }
        }
    }

    package mutating func insert(_ gtid: MySQLGTID) { insert(gtid.number...gtid.number, of: gtid.source) }

    /// Joins what touches.
    private mutating func insert(_ range: ClosedRange<Int64>, of source: String) {
        var ranges = intervals[source] ?? []
        let first = ranges.firstIndex { $0.upperBound >= range.lowerBound - 1 } ?? ranges.endIndex
        let end = ranges[first...].firstIndex { $0.lowerBound > range.upperBound + 1 } ?? ranges.endIndex
        let joined = ranges[first..<end].reduce(range) { joined, range in
            min(joined.lowerBound, range.lowerBound)...max(joined.upperBound, range.upperBound)
        }
        ranges.replaceSubrange(first..<end, with: [joined])
        intervals[source] = ranges
    }

    /// As COM_BINLOG_DUMP_GTID takes it, without tags: u64 sources; of each 16 bytes and u64 intervals; of each u64 first
    /// and u64 behind the last. `Gtid_set::encode` in sql/rpl_gtid_set.cc.
    package var encoded: [UInt8] {
        func little(_ value: some FixedWidthInteger) -> [UInt8] {
            (0..<8).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
        return intervals.sorted { $0.key < $1.key }.reduce(into: little(intervals.count)) { bytes, entry in
            bytes += MySQLGTID.bytes(ofSource: entry.key) + little(entry.value.count)
            for range in entry.value { bytes += little(range.lowerBound) + little(range.upperBound + 1) }
        }
    }
}
