package import NIOCore

/// What a responder answered.
package struct FastCGIResponse: Sendable, Equatable {
    /// Of its `Status:` line; 200 without one, as CGI has it (RFC 3875, section 6.3.3).
    package var status: Int
    /// In the order in which they came; names in lower case.
    package var headers: [(name: String, value: String)]
    package var body: ByteBuffer
    /// What the script had to complain about.
    package var errors: ByteBuffer

    package static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.status == rhs.status && lhs.body == rhs.body && lhs.errors == rhs.errors
            && lhs.headers.map(\.name) == rhs.headers.map(\.name)
            && lhs.headers.map(\.value) == rhs.headers.map(\.value)
    }

    /// Of several with one name, the first.
    package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

/// Puts an answer together from what comes over the connection.
package struct FastCGIAssembler: Sendable {
    private let limit: Int
    private var received = ByteBuffer()
    private var output = ByteBuffer()
    private var errors = ByteBuffer()

    /// - Parameter limit: How many bytes of answer and complaints are taken at most.
    package init(limit: Int) {
        self.limit = limit
    }

    /// Takes what came.
    /// - Returns: The answer once it is whole.
    package mutating func add(_ bytes: ByteBuffer) throws(FastCGIError) -> FastCGIResponse? {
        received.writeImmutableBuffer(bytes)
        while var record = try received.readFastCGIRecord() {
            switch record.kind {
            case .stdout: output.writeBuffer(&record.content)
            case .stderr: errors.writeBuffer(&record.content)
            case .endRequest: return try end(record.content)
            // Of other requests, and management records: section 4.
            default: continue
            }
            guard output.readableBytes + errors.readableBytes <= limit else { throw .tooLarge }
        }
        received.discardReadBytes()
        return nil
    }

    /// u32 application status, u8 protocol status, of which 0 is `FCGI_REQUEST_COMPLETE`.
    private func end(_ content: ByteBuffer) throws(FastCGIError) -> FastCGIResponse {
        guard let status = content.getInteger(at: content.readerIndex + 4, as: UInt8.self) else { throw .malformed }
        guard status == 0 else { throw .refused(protocolStatus: status) }
        var body = output
        var response = FastCGIResponse(status: 200, headers: [], body: ByteBuffer(), errors: errors)
        while let line = try Self.line(&body) {
            guard !line.isEmpty else {
                response.body = body
                return response
            }
            guard let colon = line.firstIndex(of: ":") else { throw .malformed }
            let name = line[..<colon].lowercased()
            let value = String(line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" })
            response.headers.append((name, value))
            if name == "status" {
                guard let code = Int(value.prefix(3)), (100..<600).contains(code) else { throw .malformed }
                response.status = code
            }
        }
        throw .malformed
    }

    /// The next line without its end; nil when there is no end.
    private static func line(_ buffer: inout ByteBuffer) throws(FastCGIError) -> String? {
        guard let end = buffer.readableBytesView.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        guard var text = buffer.readString(length: end - buffer.readerIndex) else { throw .malformed }
        buffer.moveReaderIndex(forwardBy: 1)
        // Swift takes CR LF for one character, but LF is gone already.
        if text.unicodeScalars.last == "\r" { text.unicodeScalars.removeLast() }
        return text
    }
}
