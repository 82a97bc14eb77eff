package import RESP

/// The arguments of a whole multibulk frame. Lives only inside ``with(_:in:_:)``.
package struct FrameArguments: CommandArguments {
    private let bytes: UnsafeRawBufferPointer
    private let ranges: UnsafeBufferPointer<Range<Int>>

    package var count: Int { ranges.count }

    package subscript(index: Int) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[ranges[index]])
    }

    /// Calls `body` with the arguments of `frame`, whose first byte is `bytes[0]`. Of a frame that has not arrived
    /// whole, only the arguments that have are there.
    package static func with<Result>(
        _ frame: RequestFrame, in bytes: UnsafeRawBufferPointer, _ body: (FrameArguments) -> Result
    ) -> Result {
        // On the stack for any ordinary command; the parser has bounded the count.
        withUnsafeTemporaryAllocation(of: Range<Int>.self, capacity: frame.argumentCount) { ranges in
            var found = 0
            var next = frame.name
            while found < frame.argumentCount, next.upperBound <= bytes.count {
                ranges[found] = next
                found += 1
                guard found < frame.argumentCount, let range = Self.bulk(after: next, in: bytes) else { break }
                next = range
            }
            return body(FrameArguments(bytes: bytes, ranges: UnsafeBufferPointer(rebasing: ranges[..<found])))
        }
    }

    /// Where the next bulk string stands: past this one's CRLF, `$`, the digits of a length and CRLF. The parser has
    /// checked the form.
    private static func bulk(after previous: Range<Int>, in bytes: UnsafeRawBufferPointer) -> Range<Int>? {
        var position = previous.upperBound + 3
        var length = 0
        while position < bytes.count {
            let digit = bytes[position] &- UInt8(ascii: "0")
            guard digit <= 9 else { break }
            length = length &* 10 &+ Int(digit)
            position += 1
        }
        let start = position + 2
        guard length >= 0, start <= bytes.count else { return nil }
        return start..<(start &+ length)
    }
}

extension CommandTable {
    /// The command of a frame, subcommands followed and options looked at: what the data path acts on.
    ///
    /// `bytes` begins with the frame. If they end before it (a large value is still arriving), options that have not
    /// been seen are taken for the stricter case: a SET with options is a change, an XREAD may block.
    @inline(__always)
    package func resolve(_ frame: RequestFrame, in bytes: UnsafeRawBufferPointer) -> CommandSpec {
        guard let spec = lookup(UnsafeRawBufferPointer(rebasing: bytes[frame.name])) else { return unknown }
        if spec.flags.isDisjoint(with: [.container, .dependsOnArguments]) { return spec }
        return refine(spec, frame, bytes)
    }

    private func refine(_ spec: CommandSpec, _ frame: RequestFrame, _ bytes: UnsafeRawBufferPointer) -> CommandSpec {
        if spec.isContainer {
            guard frame.argumentCount > 1, frame.firstArgument.upperBound <= bytes.count else { return spec }
            return subcommand(UnsafeRawBufferPointer(rebasing: bytes[frame.firstArgument]), of: spec) ?? spec
        }
        // By far the most frequent: SET key value.
        if spec.effect == .overwrite, frame.argumentCount == 3 { return spec }
        guard bytes.count >= frame.length else {
            var strict = spec
            if spec.effect == .overwrite { strict.effect = .mutate }
            return strict
        }
        return FrameArguments.with(frame, in: bytes) { refine(spec, $0) }
    }
}
