internal import NIOCore
internal import Synchronization

extension RedisConnection {
    /// The channels of one attempt to connect. A host name may lead to several, of which one is used; what their
    /// handlers have to say is kept here, for a channel that closes forgets them.
    final class Attempt: Sendable {
        private typealias Handlers = (NIOLoopBound<RedisConnectionHandler>, handshake: EventLoopFuture<Void>?)

        private let address: RedisAddress
        private let options: Options
        private let deadline: NIODeadline
        private let handlers = Mutex<[ObjectIdentifier: Handlers]>([:])

        init(_ address: RedisAddress, _ options: Options, deadline: NIODeadline) {
            self.address = address
            self.options = options
            self.deadline = deadline
        }

        /// Fills a new channel's pipeline.
        func prepare(_ channel: any Channel) throws {
            let handler = RedisConnectionHandler(
                limits: options.limits, maximumReplyBytes: options.maximumReplyBytes, onPush: options.onPush)
            var handshake: EventLoopFuture<Void>?
            // A unix socket does not leave the machine.
            if let tls = options.tls, case .tcp(let endpoint) = address {
                try tls.secure(channel, host: endpoint.host)
                let observer = TLSHandshakeObserver(channel.eventLoop, deadline: deadline)
                try channel.pipeline.syncOperations.addHandler(observer)
                handshake = observer.established(address)
            }
            try channel.pipeline.syncOperations.addHandler(handler)
            let bound = NIOLoopBound(handler, eventLoop: channel.eventLoop)
            let made: Handlers = (bound, handshake)
            handlers.withLock { $0[ObjectIdentifier(channel)] = made }
        }

        /// The handler of a channel that is connected, once its handshake is over.
        func established(_ channel: any Channel) async throws -> NIOLoopBound<RedisConnectionHandler> {
            guard let made = handlers.withLock({ $0[ObjectIdentifier(channel)] }) else {
                preconditionFailure("every channel is prepared before it connects")
            }
            try await made.handshake?.get()
            return made.0
        }
    }
}
