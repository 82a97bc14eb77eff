internal import Binlog
internal import RecoveryCore

/// What the session of a replay is set to for a statement, and what it is set to already.
struct ReplaySettings {
    let family: DatabaseServer.Family
    /// Names and character sets of collations, by number, for variables of users.
    let collations: [UInt32: (collation: String, charset: String)]
    private var current: [String: String]

    /// - Parameters:
    ///   - family: The server's.
    ///   - collations: All that it has.
    ///   - current: What is known of the session. What is set already is not set again: some of it needs privileges,
    ///     and most statements have what servers have anyway.
    init(
        family: DatabaseServer.Family, collations: [UInt32: (collation: String, charset: String)],
        current: [String: String]
    ) {
        self.family = family
        self.collations = collations
        self.current = current
    }

    /// Rows that were applied leave some of the session's settings behind.
    mutating func forgetChecks() {
        for name in ["foreign_key_checks", "unique_checks", "check_constraint_checks"] { current[name] = nil }
    }

    /// The statement that makes the session what the statement's was.
    mutating func setting(for statement: ReplayStatement) throws(BinlogError) -> String {
        let status = statement.status
        var wanted: [(String, String)] = []
        if let flags = status.flags {
            func bit(_ mask: UInt32) -> String { flags & mask != 0 ? "1" : "0" }
            func inverse(_ mask: UInt32) -> String { flags & mask != 0 ? "0" : "1" }
            wanted.append(("foreign_key_checks", inverse(QueryStatus.noForeignKeyChecks)))
            wanted.append(("unique_checks", inverse(QueryStatus.relaxedUniqueChecks)))
            wanted.append(("sql_auto_is_null", bit(QueryStatus.autoIsNull)))
            if family == .mariadb {
                wanted.append(("check_constraint_checks", inverse(QueryStatus.noCheckConstraintChecks)))
            }
        }
        if let mode = status.sqlMode { wanted.append(("sql_mode", "\(mode)")) }
        wanted.append(("auto_increment_increment", "\(status.autoIncrement?.increment ?? 1)"))
        wanted.append(("auto_increment_offset", "\(status.autoIncrement?.offset ?? 1)"))
        if let charset = status.charset {
            wanted.append(("character_set_client", "\(charset.client)"))
            wanted.append(("collation_connection", "\(charset.connection)"))
            wanted.append(("collation_server", "\(charset.server)"))
        }
        if let zone = status.timeZone {
            let isPlain = zone.utf8.allSatisfy { (0x21..<0x7F).contains($0) && $0 != 0x27 && $0 != 0x5C }
            guard isPlain else { throw .malformed("a time zone has no name") }
            wanted.append(("time_zone", "'\(zone)'"))
        }
        wanted.append(("lc_time_names", "\(status.localeNumber ?? 0)"))
        if let explicit = status.explicitDefaultsForTimestamp {
            wanted.append(("explicit_defaults_for_timestamp", explicit ? "1" : "0"))
        }
        if let collation = status.defaultCollationForUTF8MB4, let names = collations[UInt32(collation)] {
            wanted.append(("default_collation_for_utf8mb4", names.collation))
        }
        if family == .mariadb { wanted.append(("pseudo_thread_id", "\(statement.thread)")) }
        let changed = wanted.filter { current[$0.0] != $0.1 }
        for (name, value) in changed { current[name] = value }
        var assignments = changed.map { "@@session.\($0.0) = \($0.1)" }
        let digits = String(status.microseconds ?? 0)
        let fraction = String(repeating: "0", count: max(0, 6 - digits.count)) + digits
        assignments.append("TIMESTAMP = \(statement.timestamp)" + (status.microseconds == nil ? "" : ".\(fraction)"))
        for content in statement.context {
            switch content {
            // LAST_INSERT_ID_EVENT and INSERT_ID_EVENT.
            case .intVar(1, let value): assignments.append("LAST_INSERT_ID = \(value)")
            case .intVar(2, let value): assignments.append("INSERT_ID = \(value)")
            case .rand(let first, let second):
                assignments += ["RAND_SEED1 = \(first)", "RAND_SEED2 = \(second)"]
            case .userVariable(let variable): assignments.append(try assignment(of: variable))
            default: continue
            }
        }
        return "SET " + assignments.joined(separator: ", ")
    }

    private func assignment(of variable: BinlogEvent.UserVariable) throws(BinlogError) -> String {
        let name = "@" + String(decoding: variable.name, as: UTF8.self).sqlIdentifier
        guard let value = variable.value else { return "\(name) := NULL" }
        switch value.type {
        case 0:
            guard let names = collations[value.collation] else {
                throw .unsupported("a variable in the collation \(value.collation)")
            }
            return "\(name) := _\(names.charset) X'\(Self.hex(value.bytes))' COLLATE \(names.collation)"
        case 1:
            guard value.bytes.count == 8 else { throw .malformed("a real number has \(value.bytes.count) bytes") }
            let text = "\(Double(bitPattern: Self.integer(value.bytes)))"
            return "\(name) := \(text.contains("e") ? text : text + "e0")"
        case 2:
            guard value.bytes.count == 8 else { throw .malformed("an integer has \(value.bytes.count) bytes") }
            let bits = Self.integer(value.bytes)
            return "\(name) := \(value.isUnsigned ? "\(bits)" : "\(Int64(bitPattern: bits))")"
        case 4: return "\(name) := \(try BinaryDecimal.text(value.bytes))"
        default: throw .unsupported("a variable of type \(value.type)")
        }
    }

    private static func integer(_ bytes: [UInt8]) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }

    private static func hex(_ bytes: [UInt8]) -> String {
        String(
            decoding: bytes.flatMap { [SQLLiteral.hexDigits[Int($0 >> 4)], SQLLiteral.hexDigits[Int($0 & 15)]] },
            as: UTF8.self)
    }
}

/// DECIMAL as it is stored, with precision and scale before it: groups of nine digits in four bytes, what is left of
/// them at both ends in fewer; the highest bit is the sign, turned round, and negative numbers are complements.
/// `decimal2bin` in strings/decimal.c.
enum BinaryDecimal {
    private static let bytesOfDigits = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4]

    static func text(_ bytes: [UInt8]) throws(BinlogError) -> String {
        guard bytes.count > 2, bytes[1] <= bytes[0], bytes[0] <= 81 else {
            throw .malformed("a decimal number has no precision")
        }
        let (whole, scale) = (Int(bytes[0] - bytes[1]), Int(bytes[1]))
        var rest = Array(bytes[2...])
        let isNegative = rest[0] & 0x80 == 0
        rest[0] ^= 0x80
        if isNegative { rest = rest.map { ~$0 } }
        var position = 0
        func digits(_ count: Int) throws(BinlogError) -> String {
            let width = bytesOfDigits[count]
            guard position + width <= rest.count else { throw .malformed("a decimal number ends too early") }
            let value = rest[position..<position + width].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            position += width
            let text = String(value)
            return count == 0 ? "" : String(repeating: "0", count: max(0, count - text.count)) + text
        }
        var text = try digits(whole % 9)
        for _ in 0..<whole / 9 { text += try digits(9) }
        var fraction = ""
        for _ in 0..<scale / 9 { fraction += try digits(9) }
        fraction += try digits(scale % 9)
        return (isNegative ? "-" : "") + (text.isEmpty ? "0" : text) + (fraction.isEmpty ? "" : "." + fraction)
    }
}
