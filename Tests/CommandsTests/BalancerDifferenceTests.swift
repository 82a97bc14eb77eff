import HAProxy
import Testing
import Topology

@testable import Commands

@Suite struct BalancerDifferenceTests {
    private func topology() throws -> StoreTopology {
        let text = """
            version: 1
            store: shop
            provider: local
            web: { nodes: [web-1, web-2] }
            """
        let reading = StoreTopology.read(text: text, file: "t")
        let assigned = reading.topology?.assigningLoopback(network: LoopbackNetwork(second: 77, third: 3))
        return try #require(assigned, "\(reading.diagnostics)")
    }

    private func servers(_ lines: String...) throws -> [HAProxyServer] {
        let head = "1\n# be_id be_name srv_id srv_name srv_addr srv_port srv_admin_state\n"
        return try #require(HAProxyServer.read(head + lines.map { "\($0)\n" }.joined()))
    }

    @Test func whatIsAsTheTopologySaysIsNoDifference() throws {
        let servers = try servers("3 web 1 web-1 127.77.3.7 8000 0", "3 web 2 web-2 127.77.3.8 8000 0")
        #expect(try BalancerDifference.all(between: servers, and: topology()).isEmpty)
    }

    @Test func everyDifferenceIsFoundAndOnlyAddressesAreChanged() throws {
        let servers = try servers("3 web 1 web-1 127.77.3.9 8001 8", "3 web 2 old 127.77.3.8 8000 0")
        let found = try BalancerDifference.all(between: servers, and: topology())
        #expect(
            found == [
                .moved(
                    "web/web-1", from: "127.77.3.9:8001", to: "127.77.3.7:8000", address: "127.77.3.7", port: 8000),
                .ordered("web/web-1", "drain"), .missing("web/web-2"), .foreign("web/old"),
            ])
        #expect(found.map(\.isApplicable) == [true, false, false, false])
    }

    @Test func aBalancerWithoutServersLacksThemAll() throws {
        #expect(
            try BalancerDifference.all(between: [], and: topology()) == [.missing("web/web-1"), .missing("web/web-2")])
    }
}
