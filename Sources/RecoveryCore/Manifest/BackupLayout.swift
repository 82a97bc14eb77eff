/// Where the objects of backups are, below a store's prefix: `shop/20260301T030000Z-7f3a/manifest.json`.
///
/// Names are for people and for stock tools: in order they restore a database. Programs read the manifest and take
/// nothing from a name, for a table may be called anything.
package enum BackupLayout {
    package static let manifest = "manifest.json"

    /// The folder of a database's backups, with a slash at its end.
    package static func folder(of database: String) -> String {
        escaped(database, keeping: 200) + "/"
    }

    /// The folder of one backup, with a slash at its end.
    package static func folder(of id: BackupID, in database: String) -> String {
        "\(folder(of: database))\(id)/"
    }

    /// An object of a backup: numbers are distinct among the objects of one kind, from 1; only rows have a table.
    package static func object(_ kind: BackupManifest.Object.Kind, number: Int, table: String? = nil) -> String {
        let digits = String(number)
        let padded = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        let suffix = table.map { "-" + escaped($0, keeping: 64) } ?? ""
        return "\(kind.digit)-\(kind.rawValue)/\(padded)\(suffix).sql.zst.age"
    }

    /// The record of a verification, beside the manifest.
    package static func verification(_ id: BackupID) -> String {
        "verified-\(id).json"
    }

    /// The name of the record that an object is; nil for every other object.
    package static func verificationID(of name: String) -> BackupID? {
        guard name.hasPrefix("verified-"), name.hasSuffix(".json") else { return nil }
        return BackupID(String(name.dropFirst(9).dropLast(5)))
    }

    /// Whether a manifest may name an object so: inside the backup's folder, whatever kind of store it is in.
    static func isObjectName(_ name: String) -> Bool {
        let parts = name.split(separator: "/", omittingEmptySubsequences: false)
        return (1...512).contains(name.utf8.count) && name != manifest
            && name.utf8.allSatisfy { isPlain($0) || $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "%") }
            && parts.allSatisfy { !$0.isEmpty && $0 != "." && $0 != ".." }
    }

    /// Letters, digits, `_`, `-` and `.` as they are, other bytes as `%XX`, the end cut off.
    private static func escaped(_ name: String, keeping most: Int) -> String {
        var text = ""
        for (index, byte) in name.utf8.enumerated() {
            // Not at the beginning: `.` and `..` are directories.
            if isPlain(byte), index > 0 || byte != UInt8(ascii: ".") {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.utf8.count == 1 ? "0" : "") + digits
            }
        }
        return String(text.prefix(most))
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}
