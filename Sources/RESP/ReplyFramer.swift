/// Finds the end of each reply in a stream of bytes without decoding, copying or allocating.
///
/// An aggregate only adds to the number of elements still to come, so neither depth nor count needs a stack. The
/// framer keeps its place inside an incomplete reply; the caller passes everything from the reply's first byte on.
///
/// Source: RESP2 and RESP3 specifications (redis.io/docs/reference/protocol-spec). Streamed strings and aggregates
/// (`$?`, `*?`) are in the RESP3 draft only; no server sends them, and they are refused.
package struct ReplyFramer: Sendable {
    package enum Outcome: Equatable, Sendable {
        /// A whole reply of `length` bytes.
        case reply(length: Int)
        case incomplete
    }

    private let limits: RESPLimits
    /// Elements still to come, the current one included.
    private var remainingElements = 1
    private var scanned = 0
    /// Bytes of the current bulk string, with its CRLF, past `scanned`.
    private var remainingBody = 0

    package init(limits: RESPLimits = RESPLimits(elementCount: .max / 4)) {
        self.limits = limits
    }

    /// Bytes of the unfinished reply that have been scanned and belong to it.
    package var scannedBytes: Int { scanned }

    /// Bytes of the unfinished reply that are known to follow the scanned ones.
    package var knownRemainingBytes: Int { remainingBody }

    /// Tells the framer that the first `count` scanned bytes were taken away by the caller.
    package mutating func discard(_ count: Int) {
        precondition(count <= scanned, "bytes that were not scanned cannot be taken away")
        scanned -= count
    }

    /// Looks for the end of the reply that starts at `bytes[0]`.
    @inline(__always)
    package mutating func next(_ bytes: UnsafeRawBufferPointer) throws(RESPError) -> Outcome {
        while true {
            if remainingBody > 0 {
                let available = bytes.count - scanned
                if available < remainingBody {
                    scanned += available
                    remainingBody -= available
                    return .incomplete
                }
                scanned += remainingBody
                remainingBody = 0
                remainingElements -= 1
            }
            if remainingElements == 0 {
                let length = scanned
                scanned = 0
                remainingElements = 1
                return .reply(length: length)
            }
            guard scanned < bytes.count else { return .incomplete }
            guard try element(bytes) else { return .incomplete }
        }
    }

    /// Reads one element's line; false when it has not arrived whole.
    @inline(__always)
    private mutating func element(_ bytes: UnsafeRawBufferPointer) throws(RESPError) -> Bool {
        switch bytes[scanned] {
        case ASCII.dollar, UInt8(ascii: "="), UInt8(ascii: "!"):
            switch CountLine.read(bytes, at: scanned + 1) {
            case .incomplete: return false
            case .malformed: throw .invalidLength
            case .number(let length, let next):
                if length > limits.bulkLength { throw .tooLongBulk }
                scanned = next
                if length < 0 { remainingElements -= 1 } else { remainingBody = length + 2 }
                return true
            }
        case ASCII.plus, ASCII.minus, ASCII.colon, UInt8(ascii: "_"), UInt8(ascii: "#"), UInt8(ascii: ","),
            UInt8(ascii: "("):
            guard let end = try lineEnd(bytes) else { return false }
            scanned = end
            remainingElements -= 1
            return true
        case ASCII.asterisk, UInt8(ascii: "~"), UInt8(ascii: ">"):
            return try aggregate(bytes, elementsPerCount: 1, countsAsElement: true)
        case UInt8(ascii: "%"):
            return try aggregate(bytes, elementsPerCount: 2, countsAsElement: true)
        case UInt8(ascii: "|"):
            // An attribute stands before the reply it belongs to and is no element of its own.
            return try aggregate(bytes, elementsPerCount: 2, countsAsElement: false)
        case let other:
            throw .unknownType(other)
        }
    }

    private mutating func aggregate(
        _ bytes: UnsafeRawBufferPointer, elementsPerCount: Int, countsAsElement: Bool
    ) throws(RESPError) -> Bool {
        switch CountLine.read(bytes, at: scanned + 1) {
        case .incomplete: return false
        case .malformed: throw .invalidLength
        case .number(let count, let next):
            let elements = max(0, count).multipliedReportingOverflow(by: elementsPerCount)
            let total = remainingElements.addingReportingOverflow(elements.partialValue)
            if elements.overflow || total.overflow || total.partialValue > limits.elementCount {
                throw .tooManyElements
            }
            scanned = next
            remainingElements = total.partialValue - (countsAsElement ? 1 : 0)
            return true
        }
    }

    private func lineEnd(_ bytes: UnsafeRawBufferPointer) throws(RESPError) -> Int? {
        var index = scanned + 1
        let end = bytes.count
        while index < end {
            if bytes[index] == ASCII.carriageReturn {
                guard index + 1 < end else { return nil }
                guard bytes[index + 1] == ASCII.lineFeed else { throw .missingTerminator }
                return index + 2
            }
            index += 1
        }
        if end - scanned > limits.lineLength { throw .tooLongLine }
        return nil
    }
}
