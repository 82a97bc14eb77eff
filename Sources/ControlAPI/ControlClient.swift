internal import AsyncHTTPClient
package import Foundation
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
package import RecoveryCore

/// Asks the agent of this machine.
package struct ControlClient: Sendable {
    package enum Failure: Error, Equatable, Sendable {
        /// Nobody answers at the socket.
        case noAnswer(socket: String, cause: String)
        /// The agent's own refusal: its code and its sentence.
        case refused(code: String, message: String)
        case unreadable(String)
    }

    private static let mostBytes = 4 << 20

    /// A socket that nobody listens at is not tried again. It lasts as long as the process.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.retryConnectionEstablishment = false
        return HTTPClient(eventLoopGroup: MultiThreadedEventLoopGroup.singleton, configuration: configuration)
    }()

    private let socket: String

    package init(socket: String) {
        self.socket = socket
    }

    /// - Throws: ``Failure``, `CancellationError`.
    package func status() async throws -> AgentStatus {
        let data = try await send(.GET, "/v1/status")
        do {
            return try ControlJSON.decoder.decode(AgentStatus.self, from: data)
        } catch {
            throw Failure.unreadable("\(error)")
        }
    }

    /// Starts a job now; returns as soon as it is on its way.
    /// - Returns: The moment that its run is for.
    /// - Throws: ``Failure``, `CancellationError`.
    package func run(_ job: String) async throws -> Date {
        let data = try await send(.POST, "/v1/jobs/\(Self.escaped(job))/run")
        do {
            return try ControlJSON.decoder.decode(ControlJSON.Started.self, from: data).due
        } catch {
            throw Failure.unreadable("\(error)")
        }
    }

    /// - Returns: Prometheus' text format.
    /// - Throws: ``Failure``, `CancellationError`.
    package func metrics() async throws -> String {
        String(decoding: try await send(.GET, "/metrics"), as: UTF8.self)
    }

    private func send(_ method: HTTPMethod, _ path: String) async throws -> Data {
        var request = HTTPClientRequest(url: "http+unix://\(Self.escaped(socket))\(path)")
        request.method = method
        let status: Int
        let data: Data
        do {
            let response = try await Self.http.execute(request, timeout: .seconds(15))
            status = Int(response.status.code)
            data = Data((try await response.body.collect(upTo: Self.mostBytes)).readableBytesView)
        } catch let error as CancellationError {
            throw error
        } catch {
            throw Failure.noAnswer(socket: socket, cause: "\(error)")
        }
        guard !(200..<300).contains(status) else { return data }
        guard let document = try? ControlJSON.decoder.decode(ControlJSON.ErrorDocument.self, from: data) else {
            throw Failure.unreadable("status \(status)")
        }
        throw Failure.refused(code: document.error.code, message: document.error.message)
    }

    private static func escaped(_ text: String) -> String {
        text.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._"))) ?? ""
    }
}
