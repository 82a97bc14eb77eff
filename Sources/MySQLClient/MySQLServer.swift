/// Which server it is, as it says when greeted.
package struct MySQLServer: Hashable, Sendable, CustomStringConvertible {
    package enum Family: String, Hashable, Sendable {
        case mysql
        case mariadb
    }

    package struct Version: Hashable, Sendable, Comparable, CustomStringConvertible {
        package let major, minor, patch: Int

        package init(_ major: Int, _ minor: Int, _ patch: Int = 0) {
            (self.major, self.minor, self.patch) = (major, minor, patch)
        }

        package static func < (left: Version, right: Version) -> Bool {
            (left.major, left.minor, left.patch) < (right.major, right.minor, right.patch)
        }

        package var description: String { "\(major).\(minor).\(patch)" }
    }

    package let family: Family
    package let version: Version
    /// The whole text, such as `10.11.6-MariaDB-0+deb12u1`.
    package let text: String

    /// Reads the version of a greeting. MariaDB before 11 puts `5.5.5-` in front, so that old replicas of MySQL accept
    /// it. Nil for what begins with no version.
    package init?(greeting: String) {
        var text = greeting
        family = text.lowercased().contains("mariadb") ? .mariadb : .mysql
        if family == .mariadb, text.hasPrefix("5.5.5-") { text.removeFirst(6) }
        let numbers = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            .split(separator: ".", omittingEmptySubsequences: false).prefix(3).map { Int($0) }
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else {
            return nil
        }
        version = Version(major, minor, patch)
        self.text = MySQLError.readable(text)
    }

    package var description: String { "\(family == .mariadb ? "MariaDB" : "MySQL") \(version)" }
}

/// What a server of this family and version can do that others cannot.
extension MySQLServer {
    /// `BACKUP STAGE` as the dump uses it.
    package var hasBackupStages: Bool { family == .mariadb && version >= Version(10, 5) }
    /// `LOCK INSTANCE FOR BACKUP`, which holds DDL back.
    package var hasInstanceBackupLock: Bool { family == .mysql && version >= Version(8, 0) }
    /// `innodb_ddl_buffer_size` for the building of indexes.
    package var hasDDLBufferSize: Bool { family == .mysql && version >= Version(8, 0, 27) }
    /// `restrict_fk_on_non_standard_key` refuses foreign keys that older servers accepted.
    package var restrictsForeignKeys: Bool { family == .mysql && version >= Version(8, 4) }
    package var hasSequences: Bool { family == .mariadb && version >= Version(10, 3) }
    package var hasSystemVersioning: Bool { family == .mariadb && version >= Version(10, 3) }
    package var hasInvisibleColumns: Bool {
        version >= (family == .mariadb ? Version(10, 3) : Version(8, 0, 23))
    }
}
