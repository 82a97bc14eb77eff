package import NIOCore

/// One record of FastCGI 1.0: eight bytes of header (version, type, request, length, padding, reserved), content and
/// padding; numbers are big-endian. <https://fastcgi-archives.github.io/FastCGI_Specification.html>, section 3.3.
package struct FastCGIRecord: Sendable, Equatable {
    /// `FCGI_BEGIN_REQUEST` and so on: section 8.
    package struct Kind: Sendable, Hashable, RawRepresentable {
        package static let beginRequest = Kind(rawValue: 1)
        package static let endRequest = Kind(rawValue: 3)
        package static let params = Kind(rawValue: 4)
        package static let stdin = Kind(rawValue: 5)
        package static let stdout = Kind(rawValue: 6)
        package static let stderr = Kind(rawValue: 7)

        package var rawValue: UInt8

        package init(rawValue: UInt8) { self.rawValue = rawValue }
    }

    package static let headerBytes = 8
    package static let mostContentBytes = 65_535

    package var kind: Kind
    package var requestID: UInt16
    package var content: ByteBuffer

    package init(_ kind: Kind, requestID: UInt16, content: ByteBuffer) {
        self.kind = kind
        self.requestID = requestID
        self.content = content
    }
}

extension ByteBuffer {
    /// Writes a stream of records of one kind: as many as the content needs, none for an empty one.
    mutating func writeFastCGI(_ kind: FastCGIRecord.Kind, requestID: UInt16, _ content: ByteBuffer) {
        var content = content
        while content.readableBytes > 0,
            var part = content.readSlice(length: min(content.readableBytes, FastCGIRecord.mostContentBytes))
        {
            writeFastCGIHeader(kind, requestID: requestID, length: part.readableBytes)
            writeBuffer(&part)
        }
    }

    mutating func writeFastCGIHeader(_ kind: FastCGIRecord.Kind, requestID: UInt16, length: Int) {
        writeMultipleIntegers(UInt8(1), kind.rawValue, requestID, UInt16(length), UInt8(0), UInt8(0))
    }

    /// Takes the next record off the front; nil when it is not all there yet.
    /// - Throws: `FastCGIError.malformed` for another version.
    package mutating func readFastCGIRecord() throws(FastCGIError) -> FastCGIRecord? {
        guard
            let (version, kind, request, length, padding, _) = peekMultipleIntegers(
                as: (UInt8, UInt8, UInt16, UInt16, UInt8, UInt8).self)
        else { return nil }
        guard version == 1 else { throw .malformed }
        guard readableBytes >= FastCGIRecord.headerBytes + Int(length) + Int(padding) else { return nil }
        moveReaderIndex(forwardBy: FastCGIRecord.headerBytes)
        guard let content = readSlice(length: Int(length)) else { throw .malformed }
        moveReaderIndex(forwardBy: Int(padding))
        return FastCGIRecord(FastCGIRecord.Kind(rawValue: kind), requestID: request, content: content)
    }
}

/// Why a FastCGI server gave no answer.
package enum FastCGIError: Error, Equatable, CustomStringConvertible {
    case cannotConnect(String)
    case timedOut
    /// The connection ended before the answer did.
    case closed
    /// What came is no FastCGI, or no CGI answer in it.
    case malformed
    case tooLarge
    /// `FCGI_OVERLOADED` and the like: the server's own word that it does not serve this request.
    case refused(protocolStatus: UInt8)

    package var description: String {
        switch self {
        case .cannotConnect(let reason): "no connection: \(reason)"
        case .timedOut: "no answer in time"
        case .closed: "the connection was closed without an answer"
        case .malformed: "the answer is not FastCGI"
        case .tooLarge: "the answer is larger than allowed"
        case .refused(1): "it does not take several requests over one connection"
        case .refused(2): "it is overloaded"
        case .refused(let status): "it refused the request (protocol status \(status))"
        }
    }
}
