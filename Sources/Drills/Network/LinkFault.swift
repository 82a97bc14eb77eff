/// A fault of the links between hosts.
package enum LinkFault: Sendable, Hashable {
    /// These hosts and all the others hear nothing of each other. Among themselves they do.
    case isolate([HostChoice])
    /// The hosts of the two lists hear nothing of each other; both still hear everybody else.
    case sever([HostChoice], from: [HostChoice])
    /// Everything to and from the host takes longer, and some of it is lost.
    case slow(HostChoice, Impairment)

    var strikesMaster: Bool {
        switch self {
        case .isolate(let hosts): hosts.contains(.master)
        case .sever(let hosts, let others): hosts.contains(.master) || others.contains(.master)
        case .slow(let host, _): host == .master
        }
    }
}

/// A host by its part, chosen when the fault strikes.
package enum HostChoice: Sendable, Hashable {
    /// The node that is master at that moment.
    case master
    /// All Redis nodes that are not.
    case replicas
    /// Counted from 0 in the order of the topology.
    case sentinel(Int)
    case allSentinels
    case sidecar(Int)
    /// The host that an earlier fault of the same drill chose as `master`.
    case formerMaster
}

/// What a bad link does to packets, in each direction.
package struct Impairment: Sendable, Hashable {
    /// Where the kernel has netem; elsewhere the link gets so narrow that packets queue.
    package var delay: Duration
    package var jitter: Duration
    /// Per cent.
    package var loss: Int

    package init(delay: Duration, jitter: Duration, loss: Int) {
        self.delay = delay
        self.jitter = jitter
        self.loss = loss
    }
}

/// A link fault with the hosts it struck.
package enum LinkCut: Sendable, Equatable {
    /// No packets between the two sides.
    case between([String], [String])
    case slow(String, Impairment)

    var detail: String {
        switch self {
        case .between(let side, let others):
            "no packets between \(side.joined(separator: ", ")) and \(others.joined(separator: ", "))"
        case .slow(let host, let impairment):
            "\(host) is \(impairment.delay.inMilliseconds) ms away and loses \(impairment.loss) %"
        }
    }
}
