/// The first 24 bits of a loopback network, `127.A.B.0`; one local store takes one.
///
/// On Linux all of 127/8 can be bound without configuration, so every host of a local store gets an address of its
/// own and every service keeps its standard port.
package struct LoopbackNetwork: Sendable, Hashable {
    package var second: UInt8
    package var third: UInt8

    package init(second: UInt8, third: UInt8) {
        self.second = second
        self.third = third
    }

    /// The address of the host with that number, from 1 to 254.
    package func address(_ number: UInt8) -> String {
        "127.\(second).\(third).\(number)"
    }
}

extension StoreTopology {
    /// The same topology with a loopback address for every host that has none: `127.A.B.1`, `127.A.B.2`, … in the
    /// order of the hosts, leaving out addresses the file gives to others. The same topology and network always give
    /// the same addresses. Returns `nil` when the network has fewer than enough addresses (254).
    package func assigningLoopback(network: LoopbackNetwork) -> StoreTopology? {
        let taken = Set(hosts.compactMap(\.address))
        var free = (1...254).lazy.map { network.address(UInt8($0)) }.filter { !taken.contains($0) }.makeIterator()
        var result = self
        for index in result.hosts.indices where result.hosts[index].address == nil {
            guard let address = free.next() else { return nil }
            result.hosts[index].address = address
        }
        return result
    }
}
