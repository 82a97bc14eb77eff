package import Binlog
package import Foundation

/// A piece of a shipped binary log: what one object holds. Its description stands in clear beside it, since who ships
/// has no key to read again what it wrote; written last, so that a segment without it is none.
///
/// Segment n goes on where n − 1 ended if its ``from`` is that one's ``to``. Otherwise there is a gap, over which no
/// restore goes.
package struct BinlogSegment: Sendable, Equatable, Codable {
    package static let format = "breakwater-binlog"
    package static let version = 1
    /// A larger description is refused.
    package static let mostBytes = 1 << 20

    package var number: UInt64
    package var software: String
    package var database: String
    /// The object with the events, within the database's folder of the log.
    package var object: String
    /// In lower-case hexadecimal, of the object as it is stored.
    package var sha256: String
    package var storedBytes: UInt64
    /// Of the binary log in it.
    package var rawBytes: UInt64
    package var family: DatabaseServer.Family
    package var serverVersion: String
    /// `server_uuid` of MySQL, `server_id` of MariaDB: where it was read.
    package var server: String
    /// The GTIDs before it and with it.
    package var from: String
    package var to: String
    package var transactions: Int
    package var firstCommittedAt: LogTime
    package var lastCommittedAt: LogTime
    /// By the server's clock: everything that was committed until then is in this segment or in one before.
    package var coveredUntil: LogTime
    /// age recipients.
    package var recipients: [String]

    package init(
        number: UInt64, software: String, database: String, object: String, sha256: String, storedBytes: UInt64,
        rawBytes: UInt64, family: DatabaseServer.Family, serverVersion: String, server: String, from: GTIDState,
        to: GTIDState, transactions: Int, firstCommittedAt: LogTime, lastCommittedAt: LogTime, coveredUntil: LogTime,
        recipients: [String]
    ) {
        self.number = number
        self.software = software
        self.database = database
        self.object = object
        self.sha256 = sha256
        self.storedBytes = storedBytes
        self.rawBytes = rawBytes
        self.family = family
        self.serverVersion = serverVersion
        self.server = server
        self.from = from.description
        self.to = to.description
        self.transactions = transactions
        self.firstCommittedAt = firstCommittedAt
        self.lastCommittedAt = lastCommittedAt
        self.coveredUntil = coveredUntil
        self.recipients = recipients
    }

    enum CodingKeys: String, CodingKey {
        case number, software, database, object, sha256, family, server, from, to, transactions, recipients
        case storedBytes = "stored_bytes"
        case rawBytes = "raw_bytes"
        case serverVersion = "server_version"
        case firstCommittedAt = "first_committed_at"
        case lastCommittedAt = "last_committed_at"
        case coveredUntil = "covered_until"
    }

    /// Of a description that was read, these are states: ``read(_:)`` has seen to it.
    package var fromState: GTIDState? { try? GTIDState(from, family: family) }
    package var toState: GTIDState? { try? GTIDState(to, family: family) }

    package func json() throws -> Data {
        try ManifestFile.write(self, format: Self.format, version: Self.version)
    }

    /// - Throws: `ManifestFault`.
    package static func read(_ data: Data) throws(ManifestFault) -> BinlogSegment {
        let segment = try ManifestFile.read(data, as: Self.self, format: format, version: version)
        let faults = segment.faults
        guard faults.isEmpty else { throw .inconsistent(faults) }
        return segment
    }

    private var faults: [String] {
        var faults: [String] = []
        if let name = BinlogLayout.read(object), !name.isDescription, name.number == number {
        } else {
            faults.append("\(object) is no name of its events")
        }
        if !sha256.isHex(digits: 64) { faults.append("there is no SHA-256") }
        if transactions < 1 { faults.append("it holds \(transactions) transactions") }
        if lastCommittedAt < firstCommittedAt { faults.append("it ends before it begins") }
        if let fromState, let toState {
            if !toState.isSuperset(of: fromState) { faults.append("it ends with less than it began") }
        } else {
            faults.append("its GTIDs are none")
        }
        return faults
    }
}

extension GTIDState {
    /// - Throws: `BinlogError`.
    package init(_ text: String, family: DatabaseServer.Family) throws(BinlogError) {
        switch family {
        case .mysql: self = .mysql(try MySQLGTIDSet(text))
        case .mariadb: self = .mariadb(try MariaDBPosition(text))
        }
    }
}
