/// Which server a database lives on.
package struct DatabaseServer: Sendable, Hashable {
    package enum Family: String, Sendable, Hashable, CaseIterable {
        case mysql, mariadb
    }

    package struct Version: Sendable, Hashable, Comparable, CustomStringConvertible {
        package var major: Int
        package var minor: Int
        package var patch: Int

        package init(_ major: Int, _ minor: Int, _ patch: Int = 0) {
            self.major = major
            self.minor = minor
            self.patch = patch
        }

        package static func < (lhs: Self, rhs: Self) -> Bool {
            (lhs.major, lhs.minor, lhs.patch) < (rhs.major, rhs.minor, rhs.patch)
        }

        package var description: String { "\(major).\(minor).\(patch)" }
    }

    package var family: Family
    package var version: Version
    /// The whole text, such as `10.11.6-MariaDB-0+deb12u1`.
    package var text: String

    package init(_ family: Family, _ version: Version) {
        self.family = family
        self.version = version
        text = version.description
    }

    /// Reads `VERSION()`: `8.0.35`, `9.7.0-1`, `10.11.6-MariaDB-0+deb12u1`, `5.5.5-10.11.6-MariaDB`; `nil` for
    /// anything else.
    ///
    /// MariaDB 10 puts `5.5.5-` before its version in the handshake, for replicas of old.
    package init?(versionText text: String) {
        let isMariaDB = text.lowercased().contains("mariadb")
        let text = isMariaDB && text.hasPrefix("5.5.5-") ? text.dropFirst(6) : text[...]
        let numbers = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
            .split(separator: ".", omittingEmptySubsequences: false).prefix(3).map { Int($0) }
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else {
            return nil
        }
        self.init(isMariaDB ? .mariadb : .mysql, Version(major, minor, patch))
        self.text = String(text)
    }

    func isAtLeast(_ family: Family, _ major: Int, _ minor: Int, _ patch: Int = 0) -> Bool {
        self.family == family && version >= Version(major, minor, patch)
    }
}

extension DatabaseServer: CustomStringConvertible {
    package var description: String {
        "\(family == .mysql ? "MySQL" : "MariaDB") \(version)"
    }
}
