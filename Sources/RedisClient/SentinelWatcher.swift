package import Logging
package import NIOCore
import NIOPosix
import Synchronization

/// Follows one service through its Sentinels and publishes its master. One for each process, shared by all event
/// loops; the decisions are `SentinelTracker`'s, this type performs them.
package final class SentinelWatcher: Sendable {
    /// What to follow and with which passwords.
    package struct Configuration: Sendable {
        /// The Sentinels to begin with; others are discovered through them. At least one.
        package var sentinels: [RedisEndpoint]
        /// The name in `sentinel monitor NAME …`.
        package var service: String
        /// For the Sentinels' own `requirepass` or ACL; nil when they ask for none.
        package var sentinelCredentials: RedisCredentials?
        /// For `ROLE` and `PING` on the Redis nodes; nil when they ask for none.
        package var serverCredentials: RedisCredentials?
        package var eventLoopGroup: any EventLoopGroup

        package init(
            sentinels: [RedisEndpoint], service: String, sentinelCredentials: RedisCredentials? = nil,
            serverCredentials: RedisCredentials? = nil,
            eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
        ) {
            self.sentinels = sentinels
            self.service = service
            self.sentinelCredentials = sentinelCredentials
            self.serverCredentials = serverCredentials
            self.eventLoopGroup = eventLoopGroup
        }
    }

    private let configuration: Configuration
    private let logger: Logger
    private let onChange: @Sendable (MasterPhase) -> Void
    private let published = Mutex(WatcherStatus(phase: .searching(.starting)))

    /// `onChange` is called with every new phase, in order, never twice at once, from ``run()``'s task. It must not
    /// block. It is not called for the first `.searching(.starting)`.
    package init(
        configuration: Configuration, logger: Logger, onChange: @escaping @Sendable (MasterPhase) -> Void
    ) {
        self.configuration = configuration
        self.logger = logger
        self.onChange = onChange
    }

    /// Follows the Sentinels until the task is cancelled, then returns. No trouble with Sentinels, nodes or DNS ends
    /// it. Call it once.
    package func run() async throws {
    }

    /// Says that a connection to this node broke, hung or was answered READONLY. Callable from any thread; returns
    /// at once; repeated calls coalesce; ignored when the node is not the current master.
    package func suspect(_ endpoint: RedisEndpoint) {
    }

    /// What is known now. Callable from any thread.
    package var status: WatcherStatus { published.withLock { $0 } }
}
