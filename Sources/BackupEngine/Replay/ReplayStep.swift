internal import Binlog

/// What a transaction of the log becomes at the target.
enum ReplayStep: Sendable {
    /// Events of one statement that changed rows: table maps, then rows.
    case rows([BinlogEvent])
    case statement(ReplayStatement)

    var isDefinition: Bool {
        if case .statement(let statement) = self { statement.isDefinition } else { false }
    }
}

/// A statement of the log, to be run as it was.
struct ReplayStatement: Sendable {
    /// As it is to be run.
    var text: [UInt8]
    var status: QueryStatus
    var thread: UInt32
    /// Seconds since 1970.
    var timestamp: UInt32
    /// What came before it: numbers that were given, random seeds, variables.
    var context: [BinlogEvent.Content] = []
    /// It commits whatever is open, and itself.
    var isDefinition: Bool

    /// `CREATE TABLE … START TRANSACTION`, of MySQL's CREATE … SELECT: the rows follow, and COMMIT ends both.
    var opensTransaction: Bool {
        Self.ending.elementsEqual(text.suffix(Self.ending.count)) && isDefinition
    }

    private static let ending = Array("START TRANSACTION".utf8)

    /// For people.
    var beginning: String { String(decoding: text.prefix(500), as: UTF8.self).beginning }
}
