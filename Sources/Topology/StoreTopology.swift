/// A validated description of one store: what a topology file says, with every default filled in.
///
/// A value of this type exists only if the file had no error. Host names in it refer to entries of ``hosts``.
package struct StoreTopology: Sendable, Equatable {
    package enum Provider: String, Sendable, CaseIterable {
        /// Everything on this machine, on loopback addresses.
        case local
        case digitalocean
    }

    /// The file format's version; only 1 exists.
    package var version: Int
    /// Names services, prefixes and tags: lower-case letters, digits and hyphens, at most 40.
    package var store: String
    package var domain: String?
    package var provider: Provider
    package var regions: Regions?
    /// In the order of the file; on a local store those that were left out are filled in.
    package var hosts: [Host]
    /// `nil` only if a store on a provider has no `redis` section; a local store always has one.
    package var redis: RedisTopology?
    /// Present exactly when ``redis`` is.
    package var sidecar: SidecarTopology?
    package var mysql: MySQLTopology?
    package var backup: BackupTopology?
    package var agent: AgentTopology
    package var web: WebTopology?
    package var loadBalancer: LoadBalancerTopology?
    package var dns: DNSTopology?
    package var regionFailover: RegionFailoverTopology?
    package var alerts: [Alert]

    /// The host of that name.
    package func host(_ name: String) -> Host? {
        hosts.first { $0.name == name }
    }

    /// The address of the host of that name; `nil` when there is no such host or it has none yet, which happens only
    /// on a local store before ``assigningLoopback(network:)``.
    package func address(of name: String) -> String? {
        host(name)?.address
    }
}

/// A machine of the store.
package struct Host: Sendable, Hashable {
    package var name: String
    package var region: String?
    /// An IP address, or a name where the section that uses it allows names.
    package var address: String?

    package init(name: String, region: String? = nil, address: String? = nil) {
        self.name = name
        self.region = region
        self.address = address
    }
}

/// The provider's regions the store lives in.
package struct Regions: Sendable, Hashable {
    package var primary: String
    package var standby: String?
    /// Where etcd's third member runs, so that the loss of one region leaves a majority.
    package var witness: String?
}

/// One destination of alerts.
package struct Alert: Sendable, Hashable {
    package var webhook: SecretReference
}
