package import ArgumentParser

/// `breakwater lb show`
package struct LoadBalancerShowCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show every server of the load balancers: state, checks, sessions, errors.",
        discussion: "Exit code 0 when every server gets requests, 4 when one does not, 1 when HAProxy cannot be asked."
    )

    @OptionGroup package var balancer: BalancerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    package func perform(_ console: Console) async throws -> ExitStatus {
        let views = try LoadBalancerPlace(balancer, console).balancers.map { try BalancerView($0) }
        let serving = views.allSatisfy { $0.servers.allSatisfy(\.serving) }
        try console.document(BalancerViews(settled: serving, balancers: views))
        console.print(views.map(\.text).joined(separator: "\n\n"))
        return serving ? .done : .degraded
    }
}
