internal import DequeModule
internal import NIOCore
internal import RESP

/// One write of one or more commands, and the promise of their replies.
struct RedisRequest: Sendable {
    var bytes: ByteBuffer
    /// The number of commands.
    var count: Int
    /// For `SUBSCRIBE`: the number of channels, each confirmed by a push instead of a reply. Otherwise 0.
    var confirmations: Int
    var deadline: NIODeadline
    var promise: EventLoopPromise<[RESPValue]>
}

/// Matches replies to requests on the connection's event loop.
final class RedisConnectionHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private struct Pending {
        var promise: EventLoopPromise<[RESPValue]>
        var deadline: NIODeadline
        var missing: Int
        var confirmations: Int
        var replies: [RESPValue] = []
    }

    private var decoder: RESPValueDecoder
    private let maximumReplyBytes: Int
    private let onPush: (@Sendable (RESPValue) -> Void)?
    private var pending: Deque<Pending> = []
    private var received = ByteBuffer()
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?
    private var context: ChannelHandlerContext?
    /// What went wrong first; later commands and closures have this cause.
    private(set) var failure: RedisConnectionError?

    init(limits: RESPLimits, maximumReplyBytes: Int, onPush: (@Sendable (RESPValue) -> Void)?) {
        self.decoder = RESPValueDecoder(limits: limits)
        self.maximumReplyBytes = maximumReplyBytes
        self.onPush = onPush
    }

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        fail(.connectionLost(reason: "closed"))
    }

    func send(_ request: RedisRequest) {
        guard let context, failure == nil, context.channel.isActive else {
            request.promise.fail(RedisConnectionError.notSent)
            return
        }
        pending.append(
            Pending(
                promise: request.promise, deadline: request.deadline, missing: request.count,
                confirmations: request.confirmations))
        arm(request.deadline, context)
        context.writeAndFlush(wrapOutboundOut(request.bytes), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard failure == nil else { return }
        var bytes = unwrapInboundIn(data)
        if received.readableBytes == 0 { swap(&received, &bytes) } else { received.writeBuffer(&bytes) }
        do {
            while failure == nil, let value = try decoder.decode(&received) { take(value, context) }
        } catch {
            fail(.badReply("\(error)"))
            context.close(promise: nil)
            return
        }
        if received.readableBytes > maximumReplyBytes {
            fail(.badReply("longer than \(maximumReplyBytes) bytes"))
            context.close(promise: nil)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.connectionLost(reason: "closed by the peer"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(.connectionLost(reason: TLSFailure.reason(error) ?? "\(error)"))
        context.close(promise: nil)
    }

    private func take(_ value: RESPValue, _ context: ChannelHandlerContext) {
        if case .push(let elements) = value {
            if !confirm(elements) { onPush?(value) }
            return
        }
        guard !pending.isEmpty else {
            // A server that is about to close says why unasked (`-ERR max number of clients reached`).
            fail(.badReply(value.errorMessage ?? "a reply without a command"))
            context.close(promise: nil)
            return
        }
        pending[0].replies.append(value)
        pending[0].missing -= 1
        if pending[0].missing == 0 { finishFirst() }
    }

    /// True for the confirmation of a subscription.
    private func confirm(_ elements: [RESPValue]) -> Bool {
        guard elements.first?.string == "subscribe" else { return false }
        if let first = pending.first, first.confirmations > 0 {
            pending[0].confirmations -= 1
            if pending[0].confirmations == 0 { finishFirst() }
        }
        return true
    }

    private func finishFirst() {
        let done = pending.removeFirst()
        done.promise.succeed(done.replies)
    }

    /// One timer for the connection, at or before the earliest deadline. Replies do not touch it.
    private func arm(_ deadline: NIODeadline, _ context: ChannelHandlerContext) {
        if let timer {
            guard deadline < timer.at else { return }
            timer.task.cancel()
        }
        let bound = NIOLoopBound(self, eventLoop: context.eventLoop)
        timer = (deadline, context.eventLoop.scheduleTask(deadline: deadline) { bound.value.expire() })
    }

    private func expire() {
        timer = nil
        guard let context, let earliest = pending.map(\.deadline).min() else { return }
        if earliest > .now() {
            arm(earliest, context)
        } else {
            fail(.timedOut)
            context.close(promise: nil)
        }
    }

    private func fail(_ error: RedisConnectionError) {
        if failure == nil { failure = error }
        timer?.task.cancel()
        timer = nil
        let failed = pending
        pending = []
        for request in failed { request.promise.fail(failure ?? error) }
    }
}
