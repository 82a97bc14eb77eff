package import Topology

/// What can be asked for with `render --to`.
package enum RenderTarget: String, Sendable, CaseIterable {
    /// `redis.conf` and `users.acl` of every data node.
    case redis
    /// `sentinel.conf` of every Sentinel.
    case sentinel
    /// `haproxy.cfg` of every balancer of the store's own.
    case haproxy
    /// nginx and the PHP-FPM pool of every web node.
    case nginx
    /// What `wp-config.php` requires on every web node.
    case wordpress
    /// Units, sockets and kernel settings of every machine.
    case systemd

    /// Targets the design names for later; asking for one is an error that lists those that exist.
    package static let planned = ["terraform", "cloud-init"]
}

/// Why a topology cannot be rendered although it is valid.
package enum RenderError: Error, Equatable {
    /// The store has no `redis` section.
    case noRedis
    /// A local store's host has no address; call `assigningLoopback(network:)` first.
    case addressMissing(host: String)
    /// Secrets were not passed, and the nodes are not on loopback.
    case secretsMissing
    /// Contains a character that Sentinel would write back into its file without quotes, which it then could not read.
    case passwordUnusable(user: String)
    /// The target makes no sense for the provider: `systemd` for a local store, which `breakwater up` supervises.
    case targetNotForProvider(RenderTarget, StoreTopology.Provider)
}
