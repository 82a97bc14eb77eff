internal import MySQLClient
internal import RecoveryCore

/// Names of collations that the target does not know, and what comes nearest there.
///
/// MySQL's `0900` collations follow version 9 of Unicode and do not pad with spaces; MariaDB's `uca1400` ones follow
/// version 14 and come in both kinds. What they sort differently is rare letters; what is stored is the same.
struct CollationMap: Sendable {
    /// In lower case. Empty: nothing is known, and nothing is mapped.
    private let known: Set<String>

    init(known: Set<String>) { self.known = known }

    /// - Throws: `MySQLError`.
    static func read(over connection: MySQLConnection) async throws -> Self {
        let listed = try await connection.query("SELECT COLLATION_NAME FROM information_schema.COLLATIONS")
        var names = listed.rows.indices.compactMap { listed.text($0, 0) }
        let server = await connection.server
        if server.family == .mariadb, server.version >= .init(10, 10) {
            let full = try await connection.query(
                "SELECT FULL_COLLATION_NAME FROM information_schema.COLLATION_CHARACTER_SET_APPLICABILITY")
            names += full.rows.indices.compactMap { full.text($0, 0) }
        }
        return Self(known: Set(names.map { $0.lowercased() }))
    }

    /// What each becomes, the best first.
    private static let nearest: [String: [String]] = [
        "utf8mb4_0900_ai_ci": ["utf8mb4_uca1400_nopad_ai_ci", "utf8mb4_unicode_520_nopad_ci"],
        "utf8mb4_0900_as_ci": ["utf8mb4_uca1400_nopad_as_ci"],
        "utf8mb4_0900_as_cs": ["utf8mb4_uca1400_nopad_as_cs"],
        "utf8mb4_0900_bin": ["utf8mb4_nopad_bin"],
        "utf8mb4_nopad_bin": ["utf8mb4_0900_bin"],
        "utf8mb4_uca1400_ai_ci": ["utf8mb4_0900_ai_ci", "utf8mb4_unicode_520_ci"],
        "utf8mb4_uca1400_as_ci": ["utf8mb4_0900_as_ci"],
        "utf8mb4_uca1400_as_cs": ["utf8mb4_0900_as_cs"],
        "utf8mb4_uca1400_nopad_ai_ci": ["utf8mb4_0900_ai_ci", "utf8mb4_unicode_520_nopad_ci"],
        "utf8mb4_uca1400_nopad_as_ci": ["utf8mb4_0900_as_ci"],
        "utf8mb4_uca1400_nopad_as_cs": ["utf8mb4_0900_as_cs"],
        "utf8mb3_uca1400_ai_ci": ["utf8mb3_unicode_520_ci", "utf8_unicode_520_ci"],
    ]

    /// Itself when it is known, or nothing comes near it.
    func mapped(_ collation: String) -> String {
        let name = collation.lowercased()
        guard !known.isEmpty, !known.contains(name) else { return collation }
        return Self.nearest[name]?.first { known.contains($0) } ?? collation
    }

    /// A statement with the collations it names mapped, and which they were. Texts in quotes are none, but for those of
    /// `SET`.
    func mapped(_ text: String, isSetting: Bool) -> (text: String, changes: [String: String]) {
        guard Self.nearest.keys.contains(where: { !known.contains($0) && text.contains($0) }) else {
            return (text, [:])
        }
        var changes: [String: String] = [:]
        var result = ""
        var copied = 0
        for token in SQLTokens(text) {
            var range = token.range
            switch token.kind {
            case .word: break
            // `collation_connection = '…'`
            case .text where isSetting: range = (range.lowerBound + 1)..<max(range.lowerBound + 1, range.upperBound - 1)
            default: continue
            }
            let name = text[bytes: range]
            let nearest = mapped(name)
            guard nearest != name else { continue }
            changes[name] = nearest
            result += text[bytes: copied..<range.lowerBound] + nearest
            copied = range.upperBound
        }
        return (result + text[bytes: copied..<text.utf8.count], changes)
    }
}
