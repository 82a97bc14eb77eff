/// Bounds on what a peer may send, checked before any memory is set aside for it.
///
/// The defaults are Redis' own (`proto-max-bulk-len`, `PROTO_INLINE_MAX_SIZE`), so that the sidecar refuses what Redis
/// would; only the number of elements is bounded more closely (Redis 7 takes 2³¹−1, before it 1024·1024).
package struct RESPLimits: Sendable, Equatable {
    /// The longest bulk string, in bytes.
    package var bulkLength: Int
    /// The most elements of one command or of one aggregate in a reply.
    package var elementCount: Int
    /// The longest line: an inline command, or a simple string or number in a reply, in bytes.
    package var lineLength: Int
    /// How deep aggregates may nest when a reply is decoded into values. Framing alone needs no stack.
    package var depth: Int

    package init(
        bulkLength: Int = 512 * 1024 * 1024,
        elementCount: Int = 1024 * 1024,
        lineLength: Int = 64 * 1024,
        depth: Int = 32
    ) {
        self.bulkLength = bulkLength
        self.elementCount = elementCount
        self.lineLength = lineLength
        self.depth = depth
    }
}

/// A violation of the protocol by the peer. The connection cannot be resynchronised afterwards: close it.
package enum RESPError: Error, Equatable, Sendable {
    case tooLongInlineRequest
    case unbalancedQuotes
    case invalidMultibulkLength
    case tooLongCountLine
    case expectedBulk(UInt8)
    case invalidBulkLength
    /// A reply began with a byte that no RESP version knows.
    case unknownType(UInt8)
    /// A length or number in a reply is not one.
    case invalidLength
    /// A line of a reply does not end where the limit says it must.
    case tooLongLine
    /// A bulk string of a reply is not followed by CRLF.
    case missingTerminator
    case tooDeep
    case tooManyElements
    case tooLongBulk

    /// The text that Redis itself sends before it closes the connection (networking.c, `setProtocolError`).
    package var clientMessage: String {
        switch self {
        case .tooLongInlineRequest: "ERR Protocol error: too big inline request"
        case .unbalancedQuotes: "ERR Protocol error: unbalanced quotes in request"
        case .invalidMultibulkLength: "ERR Protocol error: invalid multibulk length"
        case .tooLongCountLine: "ERR Protocol error: too big mbulk count string"
        case .expectedBulk(let byte):
            "ERR Protocol error: expected '$', got '\(Character(Unicode.Scalar(byte)).printable)'"
        case .invalidBulkLength: "ERR Protocol error: invalid bulk length"
        default: "ERR Protocol error"
        }
    }
}

extension Character {
    /// Replies are lines: a control byte in one would end it early.
    fileprivate var printable: Character {
        unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7F } ? self : " "
    }
}
