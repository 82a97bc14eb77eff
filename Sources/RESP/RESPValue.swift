package import NIOCore

/// A decoded reply of RESP2 or RESP3. Bulk strings are slices of the bytes they arrived in.
package indirect enum RESPValue: Equatable, Sendable {
    case simpleString(String)
    /// An error reply; the text includes its prefix, e.g. `READONLY You can't write against a read only replica.`
    case error(String)
    case integer(Int64)
    case bulkString(ByteBuffer)
    /// `$-1`, `*-1` and `_` alike.
    case null
    case array([RESPValue])
    case double(Double)
    case boolean(Bool)
    /// Digits as sent; may exceed 64 bits.
    case bigNumber(String)
    /// `format` is three characters (`txt`, `mkd`).
    case verbatim(format: String, ByteBuffer)
    case map([RESPPair])
    case set([RESPValue])
    /// Out-of-band data: a message of a subscription, an invalidation.
    case push([RESPValue])
}

/// One entry of a RESP3 map. A named type, since tuples are not `Equatable`.
package struct RESPPair: Equatable, Sendable {
    package let key: RESPValue
    package let value: RESPValue

    package init(key: RESPValue, value: RESPValue) {
        self.key = key
        self.value = value
    }
}

extension RESPValue {
    /// The text of a simple, bulk or verbatim string, bytes that are not UTF-8 repaired; nil for all else.
    package var string: String? {
        switch self {
        case .simpleString(let text): text
        case .bulkString(let bytes), .verbatim(_, let bytes): String(buffer: bytes)
        default: nil
        }
    }

    /// An integer, or a string that holds one.
    package var integer: Int64? {
        switch self {
        case .integer(let value): value
        default: string.flatMap { Int64($0) }
        }
    }

    /// The elements of an array, set or push.
    package var elements: [RESPValue]? {
        switch self {
        case .array(let values), .set(let values), .push(let values): values
        default: nil
        }
    }

    /// The pairs of a map, or of the flat array that RESP2 sends in its place.
    package var fields: [String: RESPValue]? {
        switch self {
        case .map(let pairs):
            Dictionary(pairs.compactMap { pair in pair.key.string.map { ($0, pair.value) } }) { first, _ in first }
        case .array(let values) where values.count.isMultiple(of: 2):
            Dictionary(
                stride(from: 0, to: values.count, by: 2).compactMap { index in
                    values[index].string.map { ($0, values[index + 1]) }
                }
            ) { first, _ in first }
        default:
            nil
        }
    }

    /// The text of an error reply.
    package var errorMessage: String? {
        if case .error(let message) = self { message } else { nil }
    }
}
