internal import Glibc
internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// An HTTP server that answers as a test tells it to, byte for byte: also with what no proper server would send. Every
/// request is read to its end (by `Content-Length`) before it is answered.
package final class ScriptedHTTPServer: Sendable {
    package struct Request: Sendable {
        package let method: String
        /// Path and query, as they came.
        package let target: String
        /// Names in lower case.
        package let headers: [String: String]
        package let body: [UInt8]
    }

    package struct Answer: Sendable {
        package enum Ending: Sendable {
            /// The connection waits for the next request.
            case keep
            /// It is closed in order.
            case close
            /// It is reset (RST).
            case reset
            /// Nothing more comes, and it stays open.
            case hang
        }

        let bytes: [UInt8]
        let ending: Ending

        /// Bytes as they go out, head and all.
        package static func raw(_ bytes: [UInt8], then ending: Ending = .close) -> Answer {
            Answer(bytes: bytes, ending: ending)
        }

        /// A proper answer, unless `length` says other than the truth or `ending` cuts it.
        package static func status(
            _ status: Int, headers: [(String, String)] = [], body: [UInt8] = [], length: Int? = nil,
            then ending: Ending = .keep
        ) -> Answer {
            let lines = headers.map { "\($0.0): \($0.1)\r\n" }.joined()
            let head = "HTTP/1.1 \(status) Scripted\r\nContent-Length: \(length ?? body.count)\r\n\(lines)\r\n"
            return Answer(bytes: Array(head.utf8) + body, ending: ending)
        }

        package static func status(
            _ status: Int, headers: [(String, String)] = [], text: String, then ending: Ending = .keep
        ) -> Answer {
            .status(status, headers: headers, body: Array(text.utf8), then: ending)
        }
    }

    /// Where it listens, on 127.0.0.1.
    package let port: Int
    private let channel: any Channel
    private let recorder: Recorder

    /// What was asked so far, in order.
    package var requests: [Request] { recorder.requests.withLock { $0 } }

    /// Starts a server and stops it when `body` has ended. `script` gets each request and its number, counted from 0.
    @discardableResult
    package static func with<Result: Sendable>(
        _ script: @escaping @Sendable (Request, Int) async -> Answer,
        _ body: (ScriptedHTTPServer) async throws -> Result
    ) async throws -> Result {
        let server = try await ScriptedHTTPServer(script)
        do {
            let result = try await body(server)
            try await server.channel.close()
            return result
        } catch {
            try? await server.channel.close()
            throw error
        }
    }

    private init(_ script: @escaping @Sendable (Request, Int) async -> Answer) async throws {
        let recorder = Recorder()
        self.recorder = recorder
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Connection(recorder, script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    private final class Recorder: Sendable {
        let requests = Mutex<[Request]>([])

        /// The number of the request, counted from 0.
        func record(_ request: Request) -> Int {
            requests.withLock {
                $0.append(request)
                return $0.count - 1
            }
        }
    }

    /// One client. Requests are answered in order, for the next is read when the one before has its answer.
    private final class Connection: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let recorder: Recorder
        private let script: @Sendable (Request, Int) async -> Answer
        private var received = ByteBuffer()
        private var isAnswering = false

        init(_ recorder: Recorder, _ script: @escaping @Sendable (Request, Int) async -> Answer) {
            self.recorder = recorder
            self.script = script
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            received.writeImmutableBuffer(unwrapInboundIn(data))
            answerNext(context)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }

        private func answerNext(_ context: ChannelHandlerContext) {
            guard !isAnswering, let request = Request(&received) else { return }
            isAnswering = true
            let number = recorder.record(request)
            let channel = context.channel
            let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
            channel.eventLoop.makeFutureWithTask { [script] in await script(request, number) }
                .whenSuccess { answer in
                    channel.writeAndFlush(ByteBuffer(bytes: answer.bytes)).whenComplete { _ in
                        let (handler, context) = bound.value
                        handler.end(context, answer.ending)
                    }
                }
        }

        private func end(_ context: ChannelHandlerContext, _ ending: Answer.Ending) {
            switch ending {
            case .keep:
                isAnswering = false
                answerNext(context)
            case .hang: break
            case .close: context.close(promise: nil)
            case .reset:
                let channel = context.channel
                guard let options = channel as? any SocketOptionProvider else { return context.close(promise: nil) }
                options.setSoLinger(linger(l_onoff: 1, l_linger: 0)).whenComplete { _ in channel.close(promise: nil) }
            }
        }
    }
}

extension ScriptedHTTPServer.Request {
    /// Takes one whole request from the front of `buffer`; nil until it is all there.
    fileprivate init?(_ buffer: inout ByteBuffer) {
        let view = buffer.readableBytesView
        guard let end = view.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let lines = String(decoding: view[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count == 3 else { return nil }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = parts.last.map { String($0.drop { $0 == " " }) }
        }
        let length = headers["content-length"].flatMap { Int($0) } ?? 0
        guard view[end.upperBound...].count >= length else { return nil }
        method = String(words[0])
        target = String(words[1])
        self.headers = headers
        body = Array(view[end.upperBound...].prefix(length))
        buffer.moveReaderIndex(to: end.upperBound + length)
    }
}
