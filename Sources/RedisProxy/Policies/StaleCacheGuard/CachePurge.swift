import NIOCore
import RESP
import RedisClient

/// Deletes a cache's doubtful keys on one master, over a connection of its own, and tells when that is done. Confined
/// to the shard's event loop.
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

    let master: MasterState
    let plan: PurgePlan
    let started = NIODeadline.now()
    private unowned let shard: Shard
    private let identity: Identity
    private var finish: ((CachePurge, Outcome) -> Void)?
    private var upstream: UpstreamConnection?
    private var decoder = RESPValueDecoder()
    private var inbound = ByteBuffer()
    private var awaited = 0
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
        let (bytes, answers) = plan.commands()
        awaited = answers
        isRefusedForNow = false
        refusal = nil
        upstream.writeAndFlush(bytes)
    }

    private func take(_ reply: RESPValue, _ isTransient: Bool) {
        awaited -= 1
        guard let error = reply.errorMessage else { return }
        if isTransient { isRefusedForNow = true } else { refusal = refusal ?? error }
    }

    private func finishRound() {
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
            while awaited > 0 {
                let isTransient = inbound.withUnsafeReadableBytes { TransientError.recognise($0) } != nil
                guard let reply = try decoder.decode(&inbound) else { return }
                take(reply, isTransient)
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
