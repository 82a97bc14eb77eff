package import NIOCore

/// A request to a responder: its parameters, which are CGI's variables, and no body.
package struct FastCGIRequest: Sendable, Equatable {
    private static let id: UInt16 = 1

    package var parameters: [String: String]

    package init(_ parameters: [String: String]) {
        self.parameters = parameters
    }

    /// `GET` of a path as PHP-FPM takes it, `ping.path` and `pm.status_path` among them.
    package static func get(_ path: String, script: String? = nil, host: String = "localhost") -> FastCGIRequest {
        FastCGIRequest([
            "REQUEST_METHOD": "GET", "SCRIPT_NAME": path, "SCRIPT_FILENAME": script ?? path, "REQUEST_URI": path,
            "QUERY_STRING": "", "SERVER_PROTOCOL": "HTTP/1.1", "GATEWAY_INTERFACE": "CGI/1.1",
            "SERVER_SOFTWARE": "breakwater", "REMOTE_ADDR": "127.0.0.1", "SERVER_NAME": host, "HTTP_HOST": host,
            "CONTENT_LENGTH": "0", "CONTENT_TYPE": "",
        ])
    }

    /// All of it as it goes over the wire; the server closes the connection after its answer, since `FCGI_KEEP_CONN` is
    /// not set.
    package var bytes: ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeFastCGIHeader(.beginRequest, requestID: Self.id, length: 8)
        // Role FCGI_RESPONDER, no flags.
        buffer.writeMultipleIntegers(UInt16(1), UInt8(0), UInt8(0), UInt32(0))
        var pairs = ByteBuffer()
        for (name, value) in parameters.sorted(by: { $0.key < $1.key }) {
            Self.write(length: name.utf8.count, to: &pairs)
            Self.write(length: value.utf8.count, to: &pairs)
            pairs.writeString(name)
            pairs.writeString(value)
        }
        buffer.writeFastCGI(.params, requestID: Self.id, pairs)
        buffer.writeFastCGIHeader(.params, requestID: Self.id, length: 0)
        buffer.writeFastCGIHeader(.stdin, requestID: Self.id, length: 0)
        return buffer
    }

    /// One byte below 128, otherwise four with the highest bit set: section 3.4.
    private static func write(length: Int, to buffer: inout ByteBuffer) {
        if length < 128 {
            buffer.writeInteger(UInt8(length))
        } else {
            buffer.writeInteger(UInt32(truncatingIfNeeded: length) | 0x8000_0000)
        }
    }
}
