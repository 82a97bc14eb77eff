package import FoundationEssentials
package import NIOCore
package import NIOHTTP1

/// What a server answered, whatever the status.
package struct CloudResponse: Sendable {
    package let status: Int
    package let headers: HTTPHeaders
    /// Of an answer that is no success at most the first 64 KiB.
    package let body: ByteBuffer
    /// An earlier attempt may have been carried out, too: a conditional request could be refused for its own success.
    package var followsUnknownOutcome = false

    package init(status: Int, headers: HTTPHeaders, body: ByteBuffer) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    package var isSuccess: Bool { (200..<300).contains(status) }

    /// What the server's clock showed.
    package var serverDate: Date? { headers.first(name: "date").flatMap(UTCTime.init(httpDate:))?.date }

    /// How long the server wants to be left alone: seconds or a date (RFC 9110, section 10.2.3), which is held against
    /// the server's own clock.
    package var retryAfter: Duration? {
        guard let text = headers.first(name: "retry-after") else { return nil }
        if let seconds = UInt32(text) { return .seconds(Int64(seconds)) }
        guard let date = UTCTime(httpDate: text)?.date, let serverDate else { return nil }
        return .seconds(max(date.timeIntervalSince(serverDate), 0))
    }
}
