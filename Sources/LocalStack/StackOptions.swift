package import Logging

/// How a stack is started, apart from what its topology says.
package struct StackOptions: Sendable {
    package enum Sidecars: Sendable, Equatable {
        /// One for each node the topology names.
        case all
        /// The first so many of them.
        case first(Int)
        case none
    }

    /// Where everything is kept; made if need be.
    package var stateDirectory: String
    /// The topology's file, for `status`.
    package var topologyFile: String?
    package var sidecars = Sidecars.all
    /// The folder of the server's and Sentinel's programs, of Redis or of Valkey; nil for the search path.
    package var redisPrograms: String?
    /// The hosts' own networks; nil for addresses on loopback.
    package var namespaces: HostNamespaces?
    /// The sidecar's program; nil for the one beside this program.
    package var proxyExecutable: String?
    /// Also the web nodes (nginx, PHP-FPM, WordPress with the demo store, the agent's health endpoints) and the balancer.
    package var web = false
    /// The program `breakwater`; nil for the one beside the sidecars' program.
    package var breakwaterExecutable: String?
    /// More arguments for every sidecar; they come last.
    package var proxyArguments: [String] = []
    /// More arguments for every Redis node; they win over its file.
    package var redisArguments: [String] = []
    /// Start what ended as the init system would in production. Off, a process that was killed stays dead until
    /// `LocalStack.start(_:)`.
    package var restartsProcesses = false
    /// How long everything may take to become ready.
    package var readyWithin: Duration = .seconds(30)
    /// At the end: SIGTERM and up to this long to save, then SIGKILL. Zero kills at once, for tests.
    package var stopsWithin: Duration = .seconds(8)
    package var logger = Logger(label: "breakwater.stack")

    package init(stateDirectory: String) {
        self.stateDirectory = stateDirectory
    }
}
