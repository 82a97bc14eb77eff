import DequeModule
import NIOCore
import RESP
import RedisClient

/// Deletes a cache's doubtful keys on one master, over a connection of its own, and tells when that is done. Confined
/// to the shard's event loop.
///
/// A database whose writes cannot be named is emptied; where some keys are durable, it is swept: all others are deleted
/// page by page. SCAN returns every key that is there from its first page to its last
/// (<https://redis.io/docs/latest/commands/scan/>), and no client writes meanwhile through this loop.
///
/// It goes on trying until it is done or cancelled: whether the master is still one is the watcher's to say.
final class CachePurge {
    enum Outcome: Equatable {
        case done
        /// The server forbids it, in these words: trying again would not help.
        case refused(String)
    }

    /// A server that refuses for the moment is asked again this soon; clients are waiting.
    private static let pause = TimeAmount.milliseconds(5)
    /// Keys that SCAN looks at for one page: the server serves others in between.
    private static let page = "1000"

    private enum Awaited {
        case confirmation
        case page
    }

    let master: MasterState
    let plan: PurgePlan
    let started = NIODeadline.now()
    private unowned let shard: Shard
    private let identity: Identity
    private var finish: ((CachePurge, Outcome) -> Void)?
    private var upstream: UpstreamConnection?
    private var decoder = RESPValueDecoder()
    private var inbound = ByteBuffer()
    private var awaited = Deque<Awaited>()
    /// Databases that are still to be swept.
    private var unswept: [Int] = []
    private var isRefusedForNow = false
    private var refusal: String?

    init(
        of plan: PurgePlan, on master: MasterState, as identity: Identity, shard: Shard,
        finish: @escaping (CachePurge, Outcome) -> Void
    ) {
        self.plan = plan
        self.master = master
        self.identity = identity
        self.shard = shard
        self.finish = finish
    }

    /// Never tells the outcome before this returns.
    func start() {
        guard finish != nil else { return }
        decoder = RESPValueDecoder()
        inbound = ByteBuffer()
        upstream = UpstreamConnection.connect(
            to: master.endpoint, key: UpstreamKey(identity: identity, database: 0, protocolVersion: 2),
            name: "breakwater-guard", on: shard.eventLoop, timeout: shard.configuration.connectTimeoutAmount,
            tls: shard.serverTLS, owner: self)
    }

    /// Gives up; nothing is told any more.
    func cancel() {
        finish = nil
        upstream?.close()
        upstream = nil
    }

    private func end(_ outcome: Outcome) {
        let finish = finish
        cancel()
        finish?(self, outcome)
    }

    private func send(on upstream: UpstreamConnection) {
        let isSweep = shard.durability.isActive
        let (bytes, answers) = plan.commands(flushing: !isSweep)
        unswept = isSweep ? plan.flushed.sorted() : []
        awaited = Deque(repeating: .confirmation, count: answers)
        isRefusedForNow = false
        refusal = nil
        if awaited.isEmpty { return finishRound() }
        upstream.writeAndFlush(bytes)
    }

    private func take(_ reply: RESPValue, _ isTransient: Bool) throws {
        let awaited = awaited.removeFirst()
        if let error = reply.errorMessage {
            if isTransient { isRefusedForNow = true } else { refusal = refusal ?? error }
        } else if awaited == .page {
            try takePage(reply)
        }
    }

    // MARK: Sweeping

    private func takePage(_ reply: RESPValue) throws {
        guard case .array(let parts) = reply, parts.count == 2, let cursor = parts[0].string,
            case .array(let names) = parts[1]
        else { throw RESPError.invalidLength }
        var bytes = ByteBuffer()
        let doomed = names.compactMap { name -> [UInt8]? in
            guard case .bulkString(let key) = name else { return nil }
            let isSpared = key.withUnsafeReadableBytes { shard.durability.isDurable($0) }
            return isSpared ? nil : Array(key.readableBytesView)
        }
        let answers = PurgePlan.write(deletionOf: doomed, to: &bytes)
        awaited.append(contentsOf: repeatElement(.confirmation, count: answers))
        if cursor != "0" { scan(from: cursor, &bytes) }
        upstream?.writeAndFlush(bytes)
    }

    private func scan(from cursor: String, _ bytes: inout ByteBuffer) {
        bytes.writeCommand("SCAN", cursor, "COUNT", Self.page)
        awaited.append(.page)
    }

    private func sweep(_ database: Int) {
        var bytes = ByteBuffer()
        bytes.writeCommand("SELECT", String(database))
        awaited.append(.confirmation)
        scan(from: "0", &bytes)
        upstream?.writeAndFlush(bytes)
    }

    // MARK: The end

    private func finishRound() {
        if !unswept.isEmpty, !isRefusedForNow { return sweep(unswept.removeFirst()) }
        if isRefusedForNow { return shard.after(Self.pause) { self.sendAgain() } }
        end(refusal.map { .refused($0) } ?? .done)
    }

    private func sendAgain() {
        if let upstream { send(on: upstream) }
    }

    private func connectAgain() {
        upstream?.close()
        upstream = nil
        shard.suspect(master.endpoint)
        shard.after(Self.pause) { self.start() }
    }
}

extension CachePurge: UpstreamOwner {
    func upstreamReady(_ upstream: UpstreamConnection) { send(on: upstream) }

    func upstreamRead(_ upstream: UpstreamConnection, _ buffer: ByteBuffer) {
        inbound.writeImmutableBuffer(buffer)
        do {
            while !awaited.isEmpty {
                let isTransient = inbound.withUnsafeReadableBytes { TransientError.recognise($0) } != nil
                guard let reply = try decoder.decode(&inbound) else { return }
                try take(reply, isTransient)
            }
        } catch {
            return connectAgain()
        }
        finishRound()
    }

    func upstreamFailed(_ upstream: UpstreamConnection, _ failure: UpstreamFailure) {
        if failure.isPermanent { return end(.refused(failure.description)) }
        connectAgain()
    }

    func upstreamLost(_ upstream: UpstreamConnection) { connectAgain() }
    func upstreamReadComplete(_ upstream: UpstreamConnection) {}
    func upstreamDrained(_ upstream: UpstreamConnection) {}
}
