/// A name as servers compare those of tables: byte by byte.
///
/// To Swift, texts that Unicode calls equivalent are the same: `é` as one character, and as `e` with an accent. To a
/// server these are two tables, so that names that are looked up or compared are looked up as these.
package struct ExactName: Sendable, Hashable, Comparable, CustomStringConvertible, ExpressibleByStringLiteral {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package init(stringLiteral text: String) { self.init(text) }

    package var description: String { text }

    package static func == (lhs: Self, rhs: Self) -> Bool { lhs.text.utf8.elementsEqual(rhs.text.utf8) }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.text.utf8.lexicographicallyPrecedes(rhs.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
        hasher.combine(text.utf8.count)
    }
}

extension String {
    /// To be compared byte by byte.
    package var exact: ExactName { ExactName(self) }
}
