package import ArgumentParser
internal import HAProxy

/// `breakwater lb drain NODE`
package struct LoadBalancerDrainCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "drain",
        abstract: "Send a web node nothing new, and wait until what it has begun has ended.",
        discussion: """
            Exit code 0 when no session is left, 4 when some are after --wait (the node stays drained), 3 when it is \
            the last node that serves; --last drains that one, too.
            """)

    @Argument(help: ArgumentHelp("The web node.", valueName: "node"))
    package var node: String
    @Option(help: ArgumentHelp("How long to wait for its sessions to end.", valueName: "duration"))
    package var wait = "30s"
    @Flag(help: "Even if nobody else serves: shoppers get errors then.")
    package var last = false
    @OptionGroup package var balancer: BalancerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        let limit = try LoadBalancerOrder.duration(wait)
        let place = try LoadBalancerPlace(balancer, console)
        try place.check(node)
        let order = LoadBalancerOrder(place: place, node: node, state: .drain)
        if !last, try order.leavesNobody() {
            throw UserFacingError(
                code: "lb.last_node", summary: "\(node) is the last node that serves",
                hint: "--last drains it all the same", status: .refused)
        }
        try order.give()
        let views = try await Interruption.cancelling {
            try await order.settle(within: limit) { $0.order == "drain" && $0.sessions == 0 && $0.queued == 0 }
        }
        try console.document(views)
        console.print(views.balancers.map(\.text).joined(separator: "\n\n"))
        if !views.settled { console.note("\(node) gets nothing new, but some of its sessions have not ended") }
        return views.settled ? .done : .degraded
    }
}
