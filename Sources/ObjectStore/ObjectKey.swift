/// The name of an object within a store: `backups/20260301T030000Z-7f3a/manifest.json`.
///
/// Components between single slashes, none of them empty, `.` or `..`; no slash at either end; no control characters;
/// at most 1,024 bytes of UTF-8. So every store can hold every key, a path on a disk means what it says, and no proxy
/// on the way tidies it up. Two keys are equal when their bytes are, as S3 has it, not when Unicode calls them so.
package struct ObjectKey: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// S3's limit, in bytes.
    package static let maximumLength = 1024

    private static let slash = UInt8(ascii: "/")

    package let text: String

    /// - Throws: `ObjectStoreError.invalidKey`.
    package init(_ text: String) throws(ObjectStoreError) {
        if let fault = Self.fault(of: text) { throw .invalidKey(text, fault) }
        self.text = text
    }

    /// A key that came from elsewhere; nil when no object of ours can have that name.
    init?(found text: String) {
        guard Self.fault(of: text) == nil else { return nil }
        self.text = text
    }

    private static func fault(of text: String) -> String? {
        if text.isEmpty { return "it is empty" }
        if text.utf8.count > maximumLength { return "it has more than \(maximumLength) bytes" }
        // Bytes, not characters: a slash with an accent on it is another character, and still a slash to a file system.
        for component in text.utf8.split(separator: slash, omittingEmptySubsequences: false) {
            if component.isEmpty { return "a slash at an end, or two in a row" }
            if component.elementsEqual(".".utf8) || component.elementsEqual("..".utf8) {
                return "a component is . or .."
            }
        }
        // U+FFFE and U+FFFF cannot be written in XML, in which S3 is told what to delete.
        let isForbidden = { (scalar: Unicode.Scalar) in
            scalar.value < 0x20 || scalar.value == 0x7F || scalar.value == 0xFFFE || scalar.value == 0xFFFF
        }
        return text.unicodeScalars.contains(where: isForbidden) ? "it has a control character" : nil
    }

    /// What stands between the slashes.
    package var components: [String] {
        text.utf8.split(separator: Self.slash).map { String(Substring($0)) }
    }

    package var description: String { text }

    package static func == (left: ObjectKey, right: ObjectKey) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }

    /// The order in which stores list.
    package static func < (left: ObjectKey, right: ObjectKey) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}
