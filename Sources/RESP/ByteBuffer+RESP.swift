package import NIOCore

extension ByteBuffer {
    /// Writes a command as an array of bulk strings, the only form in which commands are sent on.
    package mutating func writeCommand(_ arguments: some Collection<some Collection<UInt8>>) {
        writeRESPHeader(ASCII.asterisk, arguments.count)
        for argument in arguments {
            writeRESPHeader(ASCII.dollar, argument.count)
            writeBytes(argument)
            writeRESPLineEnd()
        }
    }

    /// Writes a command as an array of bulk strings.
    package mutating func writeCommand(_ arguments: String...) {
        writeCommand(arguments.map(\.utf8))
    }

    /// Writes a bulk string reply.
    package mutating func writeRESPBulk(_ bytes: some Collection<UInt8>) {
        writeRESPHeader(ASCII.dollar, bytes.count)
        writeBytes(bytes)
        writeRESPLineEnd()
    }

    /// Writes an error reply. `message` has its prefix, e.g. `ERR unknown command`; line ends in it become blanks.
    package mutating func writeRESPError(_ message: String) {
        writeInteger(ASCII.minus)
        writeBytes(message.utf8.map { $0 == ASCII.carriageReturn || $0 == ASCII.lineFeed ? 0x20 : $0 })
        writeRESPLineEnd()
    }

    /// Writes a type byte, a number and CRLF: the head of a bulk string or aggregate, or an integer.
    package mutating func writeRESPHeader(_ type: UInt8, _ number: Int) {
        writeInteger(type)
        writeString(String(number))
        writeRESPLineEnd()
    }

    private mutating func writeRESPLineEnd() {
        writeInteger(UInt16(0x0D0A))
    }

    /// The arguments of the RESP array at the reader index, without moving it. The frame must be a whole command,
    /// as `RequestParser` found it; nil when it is not one.
    package func commandArguments() -> [ByteBuffer]? {
        var copy = self
        guard copy.readInteger(as: UInt8.self) == ASCII.asterisk, let count = copy.readRESPNumber(), count > 0 else {
            return nil
        }
        var arguments: [ByteBuffer] = []
        arguments.reserveCapacity(min(count, 1024))
        for _ in 0..<count {
            guard copy.readInteger(as: UInt8.self) == ASCII.dollar, let length = copy.readRESPNumber(), length >= 0,
                let argument = copy.readSlice(length: length), copy.readInteger(as: UInt16.self) != nil
            else { return nil }
            arguments.append(argument)
        }
        return arguments
    }

    private mutating func readRESPNumber() -> Int? {
        let outcome = withUnsafeReadableBytes { CountLine.read($0, at: 0) }
        guard case .number(let number, let next) = outcome else { return nil }
        moveReaderIndex(forwardBy: next)
        return number
    }
}
