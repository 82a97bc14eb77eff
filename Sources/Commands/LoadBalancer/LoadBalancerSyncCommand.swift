package import ArgumentParser
internal import HAProxy
internal import Topology

/// `breakwater lb sync`
package struct LoadBalancerSyncCommand: BreakwaterCommand {
    package static let configuration = CommandConfiguration(
        commandName: "sync",
        abstract: "Show what a running HAProxy has otherwise than the topology, and with --yes set it right.",
        discussion: """
            The addresses and ports of servers can be changed while HAProxy runs: sessions that are there end as they \
            would have. Servers that are missing, or that the topology does not know, need a new configuration and a \
            reload; what an operator has drained stays drained. Both are only said.

            Exit codes: 0 nothing is different, or all of it was set right; 3 something could be set right and --yes \
            was not given; 4 something is left that only a reload or an operator changes.
            """)

    @Flag(help: "Change what can be changed.")
    package var yes = false
    @OptionGroup package var balancer: BalancerOptions
    @OptionGroup package var output: OutputOptions

    package init() {}

    private struct Document: Encodable {
        struct Balancer: Encodable {
            struct Difference: Encodable {
                var kind: String
                var server: String
                var text: String
                var applied: Bool
            }

            var host: String?
            var socket: String
            var differences: [Difference]
        }

        var balancers: [Balancer]
    }

    package func perform(_ console: Console) async throws -> ExitStatus {
        let place = try LoadBalancerPlace(balancer, console)
        var document = Document(balancers: [])
        var (isLeft, isWaiting) = (false, false)
        for balancer in place.balancers {
            let servers = try balancer.with { socket throws(HAProxyError) in try socket.servers() }
            var shown = Document.Balancer(host: balancer.name, socket: balancer.path, differences: [])
            let differences = BalancerDifference.all(between: servers, and: place.topology)
            console.print("\(balancer.name ?? balancer.path): \(differences.isEmpty ? "as the topology says" : "")")
            for difference in differences {
                let applies = yes && difference.isApplicable
                if applies, case .moved(let server, _, _, let address, let port) = difference {
                    try balancer.with { socket throws(HAProxyError) in
                        try socket.move(server, address: address, port: port)
                    }
                }
                isLeft = isLeft || !difference.isApplicable
                isWaiting = isWaiting || difference.isApplicable && !yes
                console.print("  \(difference.description)\(applies ? ": done" : "")")
                shown.differences.append(
                    .init(
                        kind: difference.kind, server: difference.server, text: difference.description,
                        applied: applies))
            }
            document.balancers.append(shown)
        }
        try console.document(document)
        if isWaiting { console.note("nothing was changed: --yes changes what can be changed while HAProxy runs") }
        return isWaiting ? .refused : isLeft ? .degraded : .done
    }
}
