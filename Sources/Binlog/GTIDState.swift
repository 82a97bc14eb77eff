/// Which transactions a server, a backup or a log has.
package enum GTIDState: Sendable, Hashable, CustomStringConvertible {
    /// All of them: `gtid_executed`.
    case mysql(MySQLGTIDSet)
    /// The last one of each domain: `gtid_binlog_pos`.
    case mariadb(MariaDBPosition)

    /// In the one form that the same state always has.
    package var description: String {
        switch self {
        case .mysql(let set): set.description
        case .mariadb(let position): position.description
        }
    }

    package var isEmpty: Bool {
        switch self {
        case .mysql(let set): set.isEmpty
        case .mariadb(let position): position.isEmpty
        }
    }

    /// False too for a GTID of the other family.
    package func contains(_ gtid: GTID) -> Bool {
        switch (self, gtid) {
        case (.mysql(let set), .mysql(let gtid)): set.contains(gtid)
        case (.mariadb(let position), .mariadb(let gtid)): position.contains(gtid)
        default: false
        }
    }

    /// Whether everything of the other one is in this. False too for states of two families.
    package func isSuperset(of other: GTIDState) -> Bool {
        switch (self, other) {
        case (.mysql(let set), .mysql(let other)): set.isSuperset(of: other)
        case (.mariadb(let position), .mariadb(let other)): position.isSuperset(of: other)
        default: false
        }
    }

    /// A GTID of the other family changes nothing.
    package mutating func insert(_ gtid: GTID) {
        switch (self, gtid) {
        case (.mysql(var set), .mysql(let gtid)):
            set.insert(gtid)
            self = .mysql(set)
        case (.mariadb(var position), .mariadb(let gtid)):
            position.insert(gtid)
            self = .mariadb(position)
        default: break
        }
    }
}

/// The last GTID of each domain, as in `gtid_binlog_pos` and `gtid_slave_pos`: `0-1-4711,1-2-3`.
package struct MariaDBPosition: Sendable, Hashable, CustomStringConvertible {
    private var last: [UInt32: MariaDBGTID] = [:]

    package init() {}

    /// - Throws: `malformed`.
    package init(_ text: String) throws(BinlogError) {
        for part in text.filter({ !$0.isWhitespace }).split(separator: ",") { insert(try MariaDBGTID(part)) }
    }

    package var isEmpty: Bool { last.isEmpty }

    package var description: String {
        last.values.sorted { $0.domain < $1.domain }.map(\.description).joined(separator: ",")
    }

    package func contains(_ gtid: MariaDBGTID) -> Bool {
        last[gtid.domain].map { gtid.sequence <= $0.sequence } ?? false
    }

    package func isSuperset(of other: MariaDBPosition) -> Bool { other.last.values.allSatisfy(contains) }

    /// One that is not newer changes nothing.
    package mutating func insert(_ gtid: MariaDBGTID) {
        if !contains(gtid) { last[gtid.domain] = gtid }
    }
}
