package import NIOCore

/// Decodes replies into values, bounded in size, count and depth. For control connections, tests and drills; the
/// sidecar's data path only frames replies (`ReplyFramer`).
package struct RESPValueDecoder: Sendable {
    private let limits: RESPLimits
    private var framer: ReplyFramer

    package init(limits: RESPLimits = RESPLimits()) {
        self.limits = limits
        self.framer = ReplyFramer(limits: limits)
    }

    /// Takes one whole reply off the front of `buffer`; nil when it has not arrived whole. Attributes are dropped.
    ///
    /// - Throws: `RESPError`; the connection cannot be used afterwards.
    package mutating func decode(_ buffer: inout ByteBuffer) throws(RESPError) -> RESPValue? {
        let bytes = buffer.readableBytesView
        let outcome: ReplyFramer.Outcome
        do {
            outcome = try bytes.withUnsafeBytes { try framer.next($0) }
        } catch let error as RESPError {
            throw error
        } catch {
            throw .invalidLength
        }
        guard case .reply(let length) = outcome, var frame = buffer.readSlice(length: length) else { return nil }
        return try value(&frame, depth: 0)
    }

    private func value(_ frame: inout ByteBuffer, depth: Int) throws(RESPError) -> RESPValue {
        if depth > limits.depth { throw .tooDeep }
        guard let type = frame.readInteger(as: UInt8.self) else { throw .invalidLength }
        let line = try line(&frame)
        switch type {
        case ASCII.plus: return .simpleString(line)
        case ASCII.minus: return .error(line)
        case ASCII.colon: return .integer(try number(line))
        case UInt8(ascii: "_"): return .null
        case UInt8(ascii: "#"):
            guard line == "t" || line == "f" else { throw .invalidLength }
            return .boolean(line == "t")
        case UInt8(ascii: ","):
            guard let double = Double(line) else { throw .invalidLength }
            return .double(double)
        case UInt8(ascii: "("): return .bigNumber(line)
        case ASCII.dollar: return try bulk(&frame, line).map { .bulkString($0) } ?? .null
        case UInt8(ascii: "!"): return try bulk(&frame, line).map { .error(String(buffer: $0)) } ?? .null
        case UInt8(ascii: "="):
            guard var text = try bulk(&frame, line), let format = text.readString(length: 3),
                text.readInteger(as: UInt8.self) == ASCII.colon
            else { throw .invalidLength }
            return .verbatim(format: format, text)
        case ASCII.asterisk: return try list(&frame, line, depth).map { .array($0) } ?? .null
        case UInt8(ascii: "~"): return try list(&frame, line, depth).map { .set($0) } ?? .null
        case UInt8(ascii: ">"): return try list(&frame, line, depth).map { .push($0) } ?? .null
        case UInt8(ascii: "%"): return .map(try pairs(&frame, line, depth))
        case UInt8(ascii: "|"):
            _ = try pairs(&frame, line, depth)
            // A chain of attributes must not recurse without end.
            return try value(&frame, depth: depth + 1)
        default: throw .unknownType(type)
        }
    }

    private func line(_ frame: inout ByteBuffer) throws(RESPError) -> String {
        guard let end = frame.readableBytesView.firstIndex(of: ASCII.carriageReturn),
            let text = frame.readString(length: end - frame.readerIndex),
            frame.readInteger(as: UInt16.self) == 0x0D0A
        else { throw .missingTerminator }
        return text
    }

    private func number<N: FixedWidthInteger>(_ line: String) throws(RESPError) -> N {
        guard let number = N(line) else { throw .invalidLength }
        return number
    }

    private func bulk(_ frame: inout ByteBuffer, _ line: String) throws(RESPError) -> ByteBuffer? {
        let length: Int = try number(line)
        if length < 0 { return nil }
        guard let bytes = frame.readSlice(length: length), frame.readInteger(as: UInt16.self) == 0x0D0A else {
            throw .missingTerminator
        }
        return bytes
    }

    private func list(_ frame: inout ByteBuffer, _ line: String, _ depth: Int) throws(RESPError) -> [RESPValue]? {
        let count: Int = try number(line)
        if count < 0 { return nil }
        var values: [RESPValue] = []
        // The count is the peer's word: room is made only as elements really come.
        values.reserveCapacity(min(count, 1024))
        for _ in 0..<count { values.append(try value(&frame, depth: depth + 1)) }
        return values
    }

    private func pairs(_ frame: inout ByteBuffer, _ line: String, _ depth: Int) throws(RESPError) -> [RESPPair] {
        let count: Int = try number(line)
        var pairs: [RESPPair] = []
        pairs.reserveCapacity(min(max(0, count), 1024))
        for _ in 0..<max(0, count) {
            let key = try value(&frame, depth: depth + 1)
            pairs.append(RESPPair(key: key, value: try value(&frame, depth: depth + 1)))
        }
        return pairs
    }
}
