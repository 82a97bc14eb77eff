internal import AsyncHTTPClient
package import NIOCore
package import NIOHTTP1

/// The answer to a request for something large: the body comes as it is read. Whoever reads slowly slows the server;
/// whoever stops reading ends the connection. One reader, once.
package struct CloudBody: AsyncSequence, Sendable {
    package typealias Element = ByteBuffer

    package let status: Int
    package let headers: HTTPHeaders
    private let body: HTTPClientResponse.Body
    let host: String

    init(_ response: HTTPClientResponse, host: String) {
        status = Int(response.status.code)
        headers = response.headers
        body = response.body
        self.host = host
    }

    package func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(iterator: body.makeAsyncIterator(), host: host)
    }

    package struct AsyncIterator: AsyncIteratorProtocol {
        private var iterator: HTTPClientResponse.Body.AsyncIterator
        private let host: String

        init(iterator: HTTPClientResponse.Body.AsyncIterator, host: String) {
            self.iterator = iterator
            self.host = host
        }

        /// - Throws: `CloudHTTPError`, or `CancellationError`.
        package mutating func next() async throws -> ByteBuffer? {
            do {
                return try await iterator.next()
            } catch {
                throw AttemptError(error, host: host).error
            }
        }
    }
}
