/// One event of a binary log.
package struct BinlogEvent: Sendable, Equatable {
    /// The 19 bytes that every event begins with: `Log_event_header`.
    package struct Header: Sendable, Equatable {
        package static let byteCount = 19

        /// Seconds since 1970, when the statement began; of a GTID event of MariaDB, when the transaction did.
        package var timestamp: UInt32
        package var type: UInt8
        package var serverID: UInt32
        /// Of the whole event, with its header and its checksum.
        package var size: UInt32
        /// Where the next event begins in the server's file; 0 for events that are in no file.
        package var logPosition: UInt32
        package var flags: UInt16
    }

    package enum RowsKind: Sendable, Equatable { case write, update, delete }

    package enum Content: Sendable, Equatable {
        /// `version`: the server's, such as `10.11.6-MariaDB-0+deb12u1-log`.
        case formatDescription(version: String)
        case rotate(file: String, position: UInt64)
        case gtid(GTIDStart)
        /// MySQL without GTIDs.
        case anonymousGTID
        /// What is in no transaction and tells nothing: lists of GTIDs, checkpoints, heartbeats, the end of a file.
        case administrative
        case query(Query)
        case xid
        case xaPrepare
        case tableMap(id: UInt64, database: String, table: String)
        /// `isCompressed`: in MariaDB's way, zlib.
        case rows(RowsKind, table: UInt64, endsStatement: Bool, isCompressed: Bool)
        case intVar(kind: UInt8, value: UInt64)
        case rand(UInt64, UInt64)
        case userVariable(UserVariable)
        /// The text of the statement whose rows follow, for people.
        case annotation
        /// A whole transaction, compressed: MySQL's `binlog_transaction_compression`.
        case transactionPayload
        /// A statement that is compressed: MariaDB's `log_bin_compress`.
        case compressedQuery
        /// Something is missing in the server's own log.
        case incident
        /// Whatever else there is.
        case other
    }

    package struct GTIDStart: Sendable, Equatable {
        package var gtid: GTID
        /// Whether no COMMIT follows: a single statement is all there is. MySQL does not say, false.
        package var isStandalone: Bool
        /// Microseconds since 1970 at which it was committed on this server, of MySQL 8 and newer.
        package var committedAt: Int64?
    }

    package struct Query: Sendable, Equatable {
        package var thread: UInt32
        package var errorCode: UInt16
        /// The default database; empty for none.
        package var database: String
        /// `Q_…_CODE` and their values: `Query_event` in libs/mysql/binlog/event/statement_events.h.
        package var statusVariables: [UInt8]
        /// In the character set that the status variables name.
        package var statement: [UInt8]

        /// For comparisons with plain words such as `BEGIN`.
        package func `is`(_ word: String) -> Bool { statement.elementsEqual(word.utf8) }

        package func begins(with word: String) -> Bool { statement.starts(with: word.utf8) }
    }

    package struct UserVariable: Sendable, Equatable {
        package var name: [UInt8]
        /// Nil for NULL.
        package var value: Value?

        package struct Value: Sendable, Equatable {
            /// `Item_result`: 0 string, 1 real, 2 integer, 4 decimal.
            package var type: UInt8
            /// The number of a collation.
            package var collation: UInt32
            package var bytes: [UInt8]
            package var isUnsigned: Bool
        }
    }

    package var header: Header
    /// All of it as it came, header and checksum included.
    package var bytes: [UInt8]
    /// How many bytes at the end are the checksum: 4 or 0.
    package var checksumBytes: Int
    package var content: Content

    /// Without header and checksum.
    package var body: ArraySlice<UInt8> { bytes[Header.byteCount..<bytes.count - checksumBytes] }
}

/// What a file of a binary log begins with.
package enum BinlogFile {
    package static let magic: [UInt8] = [0xFE, 0x62, 0x69, 0x6E]
}
