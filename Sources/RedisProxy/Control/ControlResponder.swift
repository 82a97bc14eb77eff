import FoundationEssentials
package import Logging
import NIOCore
package import RedisClient
import Synchronization

/// The sidecar as the control API sees it.
package protocol ControlledSidecar: Sendable {
    func observe() async -> Observation
    func report() async -> SidecarReport
    func claim(_ order: BarrierOrder) async throws(BarrierRefusal) -> BarrierState
    func hold(_ order: BarrierOrder) async throws(BarrierRefusal) -> BarrierState
    func release(_ release: BarrierRelease) async
}

/// Why a barrier is not granted: another switchover has it, or the sidecar follows another master.
package struct BarrierRefusal: Error, Equatable {
    package var reason: String

    package init(_ reason: String) {
        self.reason = reason
    }
}

/// Answers the control API's requests: lets in who proves to know the secret, reads what is asked, and seals what is
/// answered. docs/switchover.md describes the protocol.
package final class ControlResponder: Sendable {
    private let key: ControlKey
    private let sidecar: any ControlledSidecar
    private let logger: Logger
    private let admission: Mutex<ControlAdmission>
    private let clock: @Sendable () -> Int64

    package init(
        key: ControlKey, sidecar: any ControlledSidecar, logger: Logger,
        clock: @escaping @Sendable () -> Int64 = { ControlRequest.clock }
    ) {
        self.key = key
        self.sidecar = sidecar
        self.logger = logger
        self.clock = clock
        admission = Mutex(ControlAdmission(key: key, startedAt: clock()))
    }

    @Sendable package func respond(_ request: AdminRequest) async -> AdminResponse {
        let nonce = request.header(ControlRequest.Header.nonce) ?? ""
        let (status, body) = await answer(request, nonce)
        var response = AdminResponse(
            status: status, contentType: "application/json", body: String(decoding: body, as: UTF8.self))
        // Nothing is sealed for somebody who has not proven anything: it could be used elsewhere.
        if status != 401, status != 429 {
            response.headers[ControlRequest.Header.seal] = key.seal(ofReplyTo: nonce, status: status, body: body)
        } else {
            response.headers["Connection"] = "close"
        }
        if status == 405 { response.headers["Allow"] = "POST" }
        return response
    }

    private func answer(_ request: AdminRequest, _ nonce: String) async -> (Int, [UInt8]) {
        let peer = request.peer?.ipAddress ?? "?"
        guard request.target.hasPrefix(ControlRequest.path),
            let time = request.header(ControlRequest.Header.time).flatMap({ Int64($0) }),
            let seal = request.header(ControlRequest.Header.seal),
            let audience = ControlRequest.audience(request.local)
        else {
            let now = clock()
            admission.withLock { $0.noteFailure(peer, now) }
            return refusal(401, "a request needs its time, its nonce and its seal")
        }
        let verb = String(request.target.dropFirst(ControlRequest.path.count))
        let sealed = ControlRequest(audience: audience, verb: verb, time: time, nonce: nonce, body: request.body)
        let now = clock()
        switch admission.withLock({ $0.admit(sealed, seal: seal, from: peer, now: now) }) {
        case .refused(let status, let reason):
            logger.debug("a control request was refused", metadata: ["peer": "\(peer)", "reason": "\(reason)"])
            return refusal(status, reason)
        case .admitted:
            guard request.method == "POST" else { return refusal(405, "POST") }
            guard let verb = ControlVerb(rawValue: verb) else { return refusal(404, "there is no such question") }
            return await perform(verb, request.body)
        }
    }

    private func perform(_ verb: ControlVerb, _ body: [UInt8]) async -> (Int, [UInt8]) {
        do {
            switch verb {
            case .observe: return (200, try Self.encode(await sidecar.observe()))
            case .status: return (200, try Self.encode(await sidecar.report()))
            case .claim: return (200, try Self.encode(try await sidecar.claim(try Self.decode(body))))
            case .hold: return (200, try Self.encode(try await sidecar.hold(try Self.decode(body))))
            case .release:
                let release: BarrierRelease = try Self.decode(body)
                await sidecar.release(release)
                return (200, try Self.encode(await sidecar.report()))
            }
        } catch let refused as BarrierRefusal {
            return refusal(409, refused.reason)
        } catch {
            return refusal(400, "the request's body cannot be read")
        }
    }

    private func refusal(_ status: Int, _ reason: String) -> (Int, [UInt8]) {
        (status, (try? Self.encode(ControlRefusal(error: reason))) ?? [])
    }

    private static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(value))
    }

    private static func decode<Value: Decodable>(_ body: [UInt8]) throws -> Value {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode(Value.self, from: Data(body))
    }
}
