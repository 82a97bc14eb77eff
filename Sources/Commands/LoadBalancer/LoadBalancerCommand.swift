package import ArgumentParser

/// `breakwater lb`
package struct LoadBalancerCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "lb",
        abstract: "Look at the store's load balancers, and take web nodes out of them and in again.",
        discussion: """
            For balancers of the store's own (`load_balancer.nodes`): HAProxy is asked through its runtime socket. See \
            docs/load-balancer.md.
            """,
        subcommands: [
            LoadBalancerShowCommand.self, LoadBalancerDrainCommand.self, LoadBalancerReadyCommand.self,
            LoadBalancerSyncCommand.self,
        ])

    package init() {}
}
