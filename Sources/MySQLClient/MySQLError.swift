/// Why a server could not be reached, refused a statement, or was lost.
package struct MySQLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What a caller may want to tell apart.
    package enum Kind: Equatable, Sendable {
        /// Refused, unreachable, unknown name, no such socket, or no answer in time.
        case cannotConnect
        /// TLS was demanded and is not there, or the certificate is not to be believed.
        case tlsFailed
        /// The user, the password or the database was refused at the login, or a way to log in is not acceptable.
        case accessDenied
        /// The user lacks a privilege for this statement.
        case privilegeMissing
        /// The connection is gone, or the server is going down. Whether the statement ran is unknown.
        case connectionLost
        /// The server was silent for longer than the settings allow. Whether the statement ran is unknown; the
        /// connection is gone.
        case timedOut
        /// Another statement is still being read on this connection.
        case busy
        /// Someone killed the statement (`KILL QUERY`).
        case interrupted
        /// The server's own limit on the time of a statement.
        case statementTimedOut
        case lockWaitTimedOut
        case deadlock
        /// DDL since the snapshot was taken.
        case tableDefinitionChanged
        case unknownDatabase
        case unknownTable
        case duplicateKey
        case foreignKeyViolated
        case diskFull
        case readOnly
        case tooManyConnections
        /// A statement or a row exceeds `max_allowed_packet` of the server or of this client.
        case packetTooLarge
        /// A buffered result exceeds what the caller allowed.
        case resultTooLarge
        case syntax
        /// What the server sent cannot be read.
        case malformed
        case other
    }

    package let kind: Kind
    /// The number of the error: the server's (1000 and up), the client library's (2000–2999, 5000 and up), or 0.
    package let code: UInt32
    /// Five characters.
    package let sqlState: String
    /// The server's words, without control characters. It may name values of a row.
    package let message: String

    package init(_ kind: Kind, code: UInt32 = 0, sqlState: String = "HY000", message: String) {
        self.kind = kind
        self.code = code
        self.sqlState = sqlState
        self.message = message
    }

    package var description: String {
        code == 0 ? message : "\(message) (error \(code), SQLSTATE \(sqlState))"
    }
}

extension MySQLError.Kind {
    /// The class of an error number. Server errors: MySQL's "Server Error Message Reference" and MariaDB's "Error
    /// Codes"; from 1900 on the two differ, and only numbers that mean one thing are listed. Client errors: errmsg.h of
    /// MariaDB Connector/C.
    package init(code: UInt32) {
        self =
            switch code {
            case 1045, 1044, 1698, 1862, 1820, 1130, 3118, 3955, 2049, 2059, 2061, 5010: .accessDenied
            case 1142, 1143, 1227, 1370, 3879: .privilegeMissing
            case 1053, 1077, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2055, 3169, 4031, 5013, 5014:
                .connectionLost
            case 2001, 2002, 2003, 2004, 2005, 2012: .cannotConnect
            case 2026, 3159: .tlsFailed
            case 2014: .busy
            case 1317: .interrupted
            case 3024, 1969: .statementTimedOut
            case 1205, 3572: .lockWaitTimedOut
            case 1213: .deadlock
            case 1412: .tableDefinitionChanged
            case 1049: .unknownDatabase
            case 1146, 1051: .unknownTable
            case 1062, 1586: .duplicateKey
            case 1451, 1452, 1216, 1217: .foreignKeyViolated
            case 1021, 1114: .diskFull
            case 1290, 1792, 1836, 3989: .readOnly
            case 1040, 1203, 1226: .tooManyConnections
            case 1153, 2020: .packetTooLarge
            case 1064, 1149: .syntax
            case 1835, 2000, 2007, 2027: .malformed
            default: .other
            }
    }
}

extension MySQLError {
    /// A server may put anything into its words, also what a terminal would obey.
    static func readable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { isPrintable($0) ? $0 : "\u{FFFD}" }))
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x20 && !(0x7F...0x9F).contains(scalar.value)
    }
}
