/// A number of bytes, written `512MiB`, `64KB`, `1GiB` or plain `1048576`.
///
/// Both families of units are accepted and mean what they say: `KiB`, `MiB`, `GiB`, `TiB` are powers of 1024,
/// `KB`, `MB`, `GB`, `TB` powers of 1000. (Redis reads `mb` as 1024²; rendered files carry plain byte counts,
/// so the difference never arises.)
package struct ByteSize: Sendable, Hashable, Comparable {
    package var bytes: Int

    package init(bytes: Int) {
        self.bytes = bytes
    }

    package static func mebibytes(_ count: Int) -> ByteSize {
        ByteSize(bytes: count * 1_048_576)
    }

    package static func < (lhs: ByteSize, rhs: ByteSize) -> Bool {
        lhs.bytes < rhs.bytes
    }

    private static let units: [String: Int] = [
        "": 1, "b": 1,
        "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
        "kb": 1_000, "mb": 1_000_000, "gb": 1_000_000_000, "tb": 1_000_000_000_000,
    ]

    /// Reads a size; `nil` when it is not one or does not fit an `Int`.
    package init?(_ text: String) {
        guard let (number, unit) = splitNumber(text), let factor = Self.units[unit.lowercased()] else { return nil }
        let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        self.bytes = bytes
    }
}

extension ByteSize: CustomStringConvertible {
    /// The largest binary unit that divides it, such as `512MiB`.
    package var description: String {
        for (unit, shift) in [("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)]
        where bytes != 0 && bytes % (1 << shift) == 0 {
            return "\(bytes >> shift)\(unit)"
        }
        return "\(bytes)B"
    }
}

/// Splits `250ms` into 250 and `ms`. The number is a run of ASCII digits; nothing else may precede it.
func splitNumber(_ text: String) -> (number: Int, unit: String)? {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    guard let number = Int(digits) else { return nil }
    return (number, String(text.dropFirst(digits.count)))
}
