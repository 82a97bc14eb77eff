package import ArgumentParser
internal import HAProxy

/// `breakwater lb ready NODE`
package struct LoadBalancerReadyCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "ready",
        abstract: "Take a web node in again, and wait until it gets requests.",
        discussion: "Exit code 0 when it gets requests, 4 when its checks fail after --wait."
    )

    @Argument(help: ArgumentHelp("The web node.", valueName: "node"))
    package var node: String
    @Option(help: ArgumentHelp("How long to wait for its checks.", valueName: "duration"))
    package var wait = "30s"
    @OptionGroup package var balancer: BalancerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        let limit = try LoadBalancerOrder.duration(wait)
        let place = try LoadBalancerPlace(balancer, console)
        try place.check(node)
        let order = LoadBalancerOrder(place: place, node: node, state: .ready)
        try order.give()
        let views = try await Interruption.cancelling {
            try await order.settle(within: limit) { $0.order == "none" && $0.serving }
        }
        try console.document(views)
        console.print(views.balancers.map(\.text).joined(separator: "\n\n"))
        if !views.settled { console.note("\(node) is wanted again, but its checks fail") }
        return views.settled ? .done : .degraded
    }
}
