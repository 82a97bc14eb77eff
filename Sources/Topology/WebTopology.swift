/// The machines that run WordPress.
package struct WebTopology: Sendable, Equatable {
    package var nodes: [String]
    package var docroot: String?
    package var phpFPM: ListenAddress?
    /// PHP-FPM's processes on each node.
    package var workers: Int
    /// Checks of what all nodes share that are to count for the balancer all the same; of ``sharedChecks``.
    package var strict: [String]

    /// The shared checks that ``strict`` may name.
    package static let sharedChecks = ["redis", "database"]
}

/// What the load balancer forwards and how it checks.
package struct LoadBalancerTopology: Sendable, Equatable {
    package enum Scheme: String, Sendable, CaseIterable {
        case http, https, http2, tcp
    }

    /// `https:443`
    package struct Endpoint: Sendable, Hashable {
        package var scheme: Scheme
        package var port: Int
    }

    package struct Forward: Sendable, Hashable {
        package var from: Endpoint
        package var to: Endpoint
    }

    package struct Health: Sendable, Hashable {
        package var path: String
        package var port: Int
        package var interval: Duration
        package var timeout: Duration
        /// Failed checks after which a node is taken out.
        package var unhealthy: Int
        /// Passed checks after which it is taken in again.
        package var healthy: Int
    }

    /// Whether a shopper stays on one web node.
    package enum Sticky: String, Sendable, CaseIterable {
        case none
        /// By a cookie that the balancer sets.
        case cookie
    }

    /// Machines of the store that run HAProxy; empty for a balancer of the provider.
    package var nodes: [String]
    package var forward: [Forward]
    /// Path of a PEM file with a certificate, its chain and its key, for `https` that ends at the balancer.
    package var certificate: String?
    package var sticky: Sticky
    package var health: Health
}

extension StoreTopology {
    /// The port on which the web nodes serve plain HTTP.
    package var webPort: Int {
        loadBalancer?.forward.lazy.map(\.to).first { $0.scheme == .http }?.port ?? 80
    }
}

/// The record that names the store.
package struct DNSTopology: Sendable, Equatable {
    package enum Provider: String, Sendable, CaseIterable {
        case digitalocean, cloudflare, route53, rfc2136
    }

    package var provider: Provider
    package var record: String
    package var ttl: Duration
    package var token: SecretReference?
}

/// Whether and how the store moves to its standby region.
package struct RegionFailoverTopology: Sendable, Equatable {
    package enum Mode: String, Sendable, CaseIterable {
        case automatic, confirmed, off
    }

    package enum Fence: String, Sendable, CaseIterable {
        case web, database
    }

    package var mode: Mode
    /// URLs of etcd's members.
    package var etcd: [String]
    package var maxLag: Duration
    /// What must be fenced before the standby is promoted.
    package var fence: [Fence]
}
