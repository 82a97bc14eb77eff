internal import BackupEngine
internal import Foundation
internal import Glibc
internal import HAProxy
internal import MySQLClient
internal import RecoveryCore
internal import RedisClient
internal import Synchronization
internal import Topology

/// Performs what `Flip` decides on the servers of a shop, and keeps the shop closed meanwhile.
final class FlipStage: Sendable {
    /// WordPress opens a shop by itself ten minutes after the last one.
    private static let renewal = Duration.seconds(60)
    private static let slice = Duration.milliseconds(50)

    private struct State {
        var before: FlipRecord
        var isClosed = false
        var surveyError: (any Error)?
    }

    let place: FlipPlace
    let target: FlipTarget
    private let settle: Duration
    private let state: Mutex<State>
    private let isInterrupted = Mutex(false)

    /// `before` is that of a flip that was killed.
    init(_ place: FlipPlace, _ target: FlipTarget, settle: Duration, before: FlipRecord?) {
        self.place = place
        self.target = target
        self.settle = settle
        state = Mutex(
            State(before: before ?? FlipRecord(.init(.closing), startedAt: Date(), endpoint: nil, server: nil)))
    }

    /// Why nothing was begun.
    var surveyError: (any Error)? { state.withLock { $0.surveyError } }

    var wasInterrupted: Bool { isInterrupted.withLock { $0 } }

    /// Callable from any thread.
    func interrupt() { isInterrupted.withLock { $0 = true } }

    /// Keeps how far it may have come, or that it is over.
    func keep(_ journal: Flip.Journal?) throws {
        guard let journal else { return try place.record.remove() }
        let record = state.withLock { state in
            state.before.journal = journal
            return state.before
        }
        try place.record.write(record)
    }

    /// Keeps the shop closed until it is cancelled.
    func renew() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.renewal)
            // Under the lock that opening takes: a late renewal must not close the shop again.
            state.withLock { state in
                if state.isClosed { try? place.maintenance.close(now: Date()) }
            }
        }
    }

    func perform(_ action: Flip.Action) async -> Flip.Event {
        do {
            switch action {
            case .survey: try await survey()
            case .close:
                try state.withLock { state in
                    state.isClosed = true
                    try place.maintenance.close(now: Date())
                }
            case .settle: try await wait(settle)
            case .switchEndpoint: try switchEndpoint()
            case .flush: _ = try await place.cache?.run()
            case .check: try await check()
            case .open:
                try state.withLock { state in
                    try place.maintenance.open()
                    state.isClosed = false
                }
            case .switchBack: try switchBack()
            case .report: break
            }
            return .done
        } catch {
            if action == .survey { state.withLock { $0.surveyError = error } }
            return .failed("\(UserFacingError(presenting: error).summary)")
        }
    }

    // MARK: Steps

    private func survey() async throws {
        try place.maintenance.survey(now: Date())
        let endpoint = try place.endpoint?.survey()
        let server = try place.haproxy.map { haproxy in
            try FlipError.ofHAProxy { () throws(HAProxyError) in
                try HAProxySocket(path: haproxy.socket).server(haproxy.server)
            }
        }
        state.withLock { state in
            state.before.endpoint = endpoint
            state.before.server = server
        }
        _ = try await place.cache?.master()
        try await examine()
        // That the record can be kept shows now, and not when the shop is closed.
        try keep(.init(.closing))
    }

    private func examine() async throws {
        let problems = try await target.settings.address.naming { try await ShopCheck(target.settings).problems() }
        guard problems.isEmpty else {
            throw UserFacingError(
                code: "flip.unfit",
                summary: "\(target.address) is nothing to open a shop on: "
                    + problems.joined(separator: "; "))
        }
    }

    private func switchEndpoint() throws {
        if let haproxy = place.haproxy {
            let address = try Self.resolved(target.address.host)
            try FlipError.ofHAProxy { () throws(HAProxyError) in
                try HAProxySocket(path: haproxy.socket).set(
                    haproxy.server, address: address, port: target.address.port)
            }
        }
        if let file = place.endpoint, let old = state.withLock({ $0.before.endpoint }) {
            try file.write(target.endpoint(from: old, behindHAProxy: place.haproxy != nil))
        }
    }

    private func switchBack() throws {
        let before = state.withLock { $0.before }
        if let haproxy = place.haproxy, let server = before.server {
            try FlipError.ofHAProxy { () throws(HAProxyError) in
                try HAProxySocket(path: haproxy.socket).set(haproxy.server, address: server.address, port: server.port)
            }
        }
        if let file = place.endpoint, let endpoint = before.endpoint { try file.write(endpoint) }
    }

    private func check() async throws {
        if let file = place.endpoint, let old = state.withLock({ $0.before.endpoint }) {
            guard try file.read() == target.endpoint(from: old, behindHAProxy: place.haproxy != nil) else {
                throw FlipError.file(file.path, reason: "somebody else has changed it")
            }
        }
        if let haproxy = place.haproxy {
            let socket = HAProxySocket(path: haproxy.socket)
            let end = ContinuousClock.now + .seconds(15)
            while try !FlipError.ofHAProxy({ () throws(HAProxyError) in try socket.server(haproxy.server).isUp }) {
                guard ContinuousClock.now < end, !wasInterrupted else {
                    throw FlipError.haproxy("its checks of \(haproxy.server) fail at \(target.address.host)")
                }
                try await Task.sleep(for: Self.slice)
            }
        }
        try await examine()
    }

    private func wait(_ duration: Duration) async throws {
        let end = ContinuousClock.now + duration
        while ContinuousClock.now < end, !wasInterrupted { try await Task.sleep(for: Self.slice) }
    }

    /// HAProxy takes addresses alone.
    private static func resolved(_ host: String) throws -> String {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(host, nil, &hints, &list) == 0, let first = list else {
            throw FlipError.haproxy("\(host) has no address")
        }
        defer { freeaddrinfo(list) }
        var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard
            getnameinfo(
                first.pointee.ai_addr, first.pointee.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST)
                == 0
        else { throw FlipError.haproxy("\(host) has no address") }
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

extension FlipError {
    /// HAProxy's errors are the flip's.
    fileprivate static func ofHAProxy<Value>(_ body: () throws(HAProxyError) -> Value) throws(FlipError) -> Value {
        do throws(HAProxyError) {
            return try body()
        } catch {
            throw .haproxy(error.reason)
        }
    }
}
