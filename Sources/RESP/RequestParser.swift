/// Where one command stands in the bytes it arrived in. All offsets count from the frame's first byte.
package struct RequestFrame: Equatable, Sendable {
    /// Bytes of the whole frame; while the frame is still arriving, those known so far.
    package var length: Int
    /// Number of arguments, the command's name included.
    package var argumentCount: Int
    /// The command's name.
    package var name: Range<Int>
    /// The first argument after the name, or an empty range.
    package var firstArgument: Range<Int>

    package init(length: Int, argumentCount: Int, name: Range<Int>, firstArgument: Range<Int>) {
        self.length = length
        self.argumentCount = argumentCount
        self.name = name
        self.firstArgument = firstArgument
    }
}

/// Finds commands in a stream of bytes without copying or allocating.
///
/// The parser keeps its place inside an incomplete command, so a command that arrives in many pieces is scanned
/// once. The caller keeps the bytes: it passes everything from the frame's first byte on, each time.
///
/// Source: the Redis serialization protocol specification and `processMultibulkBuffer` (networking.c).
package struct RequestParser: Sendable {
    package enum Outcome: Equatable, Sendable {
        /// A whole command. Its bytes are the first `length` ones; the parser is ready for the next frame.
        case command(RequestFrame)
        /// An inline command: a line of `length` bytes, its line end included.
        case inline(length: Int)
        /// Bytes that Redis ignores (`*0`, `*-1`, an empty line).
        case nothing(length: Int)
        /// A command whose name is known and whose frame is longer than `streamingThreshold`; it is still arriving.
        case large(RequestFrame)
        case incomplete
    }

    private let limits: RESPLimits
    /// A frame longer than this many bytes is announced as `.large` as soon as its length shows.
    private let streamingThreshold: Int

    /// Arguments whose bulk header has not been read yet.
    private var remainingArguments = 0
    private var argumentCount = 0
    /// Offset of the next byte to look at.
    private var scanned = 0
    /// Bytes of the current bulk string, with its CRLF, that lie past `scanned`.
    private var remainingBody = 0
    private var name = 0..<0
    private var firstArgument = 0..<0
    private var inFrame = false
    private var announcedLarge = false

    package init(limits: RESPLimits = RESPLimits(), streamingThreshold: Int = .max) {
        self.limits = limits
        self.streamingThreshold = streamingThreshold
    }

    /// Looks for the end of the frame that starts at `bytes[0]`.
    ///
    /// - Throws: `RESPError` when the bytes break the protocol.
    @inline(__always)
    package mutating func next(_ bytes: UnsafeRawBufferPointer) throws(RESPError) -> Outcome {
        if !inFrame {
            guard let first = bytes.first else { return .incomplete }
            guard first == ASCII.asterisk else { return try inlineCommand(bytes) }
            switch CountLine.read(bytes, at: 1) {
            case .incomplete:
                if bytes.count > limits.lineLength { throw .tooLongCountLine }
                return .incomplete
            case .malformed:
                throw .invalidMultibulkLength
            case .number(let count, let next):
                if count <= 0 { return .nothing(length: next) }
                if count > limits.elementCount { throw .invalidMultibulkLength }
                inFrame = true
                remainingArguments = count
                argumentCount = count
                scanned = next
                remainingBody = 0
                firstArgument = 0..<0
                name = 0..<0
                announcedLarge = false
            }
        }
        return try resume(bytes)
    }

    /// Tells the parser that the first `count` bytes of the frame have been taken away (sent on) by the caller.
    /// Only bytes already scanned may be taken.
    package mutating func discard(_ count: Int) {
        precondition(count <= scanned, "bytes that were not scanned cannot be taken away")
        scanned -= count
    }

    /// Bytes of the current frame that have been scanned and belong to it.
    package var scannedBytes: Int { inFrame ? scanned : 0 }

    /// True while a frame has begun and not ended.
    package var isInsideFrame: Bool { inFrame }

    @inline(__always)
    private mutating func resume(_ bytes: UnsafeRawBufferPointer) throws(RESPError) -> Outcome {
        while true {
            if remainingBody > 0 {
                let available = bytes.count - scanned
                if available < remainingBody {
                    scanned += available
                    remainingBody -= available
                    return large(knownLength: scanned + remainingBody) ?? .incomplete
                }
                scanned += remainingBody
                remainingBody = 0
            }
            if remainingArguments == 0 {
                inFrame = false
                return .command(frame(length: scanned))
            }
            guard scanned < bytes.count else { return large(knownLength: scanned) ?? .incomplete }
            guard bytes[scanned] == ASCII.dollar else { throw .expectedBulk(bytes[scanned]) }
            switch CountLine.read(bytes, at: scanned + 1) {
            case .incomplete:
                return large(knownLength: scanned) ?? .incomplete
            case .malformed:
                throw .invalidBulkLength
            case .number(let length, let next):
                if length < 0 || length > limits.bulkLength { throw .invalidBulkLength }
                let position = argumentCount - remainingArguments
                if position == 0 {
                    name = next..<(next + length)
                } else if position == 1 {
                    firstArgument = next..<(next + length)
                }
                remainingArguments -= 1
                scanned = next
                remainingBody = length + 2
            }
        }
    }

    private mutating func large(knownLength: Int) -> Outcome? {
        // The name must have arrived whole, or nobody could tell what is being streamed.
        guard !announcedLarge, knownLength > streamingThreshold, !name.isEmpty, scanned >= name.upperBound else {
            return nil
        }
        if argumentCount > 1, !firstArgument.isEmpty, firstArgument.count <= limits.lineLength,
            scanned < firstArgument.upperBound
        {
            return nil
        }
        announcedLarge = true
        return .large(frame(length: knownLength))
    }

    private func frame(length: Int) -> RequestFrame {
        RequestFrame(length: length, argumentCount: argumentCount, name: name, firstArgument: firstArgument)
    }

    private func inlineCommand(_ bytes: UnsafeRawBufferPointer) throws(RESPError) -> Outcome {
        guard let lineFeed = bytes.firstIndex(of: ASCII.lineFeed) else {
            if bytes.count > limits.lineLength { throw .tooLongInlineRequest }
            return .incomplete
        }
        if lineFeed > limits.lineLength { throw .tooLongInlineRequest }
        let hasText = bytes[..<lineFeed].contains { $0 != ASCII.carriageReturn && !InlineCommand.isBlank($0) }
        return hasText ? .inline(length: lineFeed + 1) : .nothing(length: lineFeed + 1)
    }
}
