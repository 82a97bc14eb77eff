import Rendering
import Testing
import Topology

/// The stores that are rendered in these tests.
enum Stores {
    /// A cache on machines of its own.
    static let cache = """
        version: 1
        store: shop
        provider: digitalocean
        hosts:
          redis-1: { address: 10.10.0.11 }
          redis-2: { address: 10.10.0.12 }
          redis-3: { address: 10.10.0.13 }
          sentinel-1: { address: 10.10.0.21 }
          sentinel-2: { address: 10.10.0.22 }
          sentinel-3: { address: 10.10.0.23 }
          web-1: { address: 10.10.0.31 }
        redis:
          role: cache
          nodes: [redis-1, redis-2, redis-3]
          sentinels: [sentinel-1, sentinel-2, sentinel-3]
          password: file:/etc/breakwater/redis.password
        web: { nodes: [web-1] }

        """

    /// Data that exists nowhere else, five Sentinels, host names, a password for each user, other ports; three of the
    /// machines run everything.
    static let store = """
        version: 1
        store: ledger
        provider: digitalocean
        hosts:
          a: { address: a.internal.example }
          b: { address: b.internal.example }
          c: { address: c.internal.example }
          d: { address: 10.0.0.4 }
          e: { address: 10.0.0.5 }
        redis:
          service: ledger
          role: store
          nodes: [a, b, c]
          sentinels: [a, b, c, d, e]
          port: 6380
          sentinel_port: 26380
          down_after: 2s
          maxmemory: 64MiB
          resolve_hostnames: true
          users: { app: env:APP, sentinel: env:SENTINEL, replica: env:REPLICA, breakwater: env:BREAKWATER }
        sidecar:
          nodes: [a]
          listen: [unix:/run/breakwater/redis.sock, ":6379"]
          socket_group: nginx

        """

    /// Machines that speak TLS alone, to clients without certificates too; one of them runs everything.
    static let encrypted = """
        version: 1
        store: vault
        provider: digitalocean
        hosts:
          a: { address: 10.0.0.1 }
          b: { address: 10.0.0.2 }
          c: { address: 10.0.0.3 }
        redis:
          nodes: [a, b, c]
          sentinels: [a, b, c]
          password: env:P
          users: { operator: env:OPERATOR }
          tls: { certificate: /etc/ssl/redis.crt, key: /etc/ssl/redis.key, clients: optional }
        sidecar:
          nodes: [a]
          listen: [unix:/run/breakwater/redis.sock, "10.0.0.1:6380"]
          password: env:CLIENTS
          tls: true

        """

    static let encryptedLocal = """
        version: 1
        store: shop
        provider: local
        redis: { tls: true }

        """

    /// A shop with everything on machines of its own, that keeps its shoppers on their nodes.
    static let shop = """
        version: 1
        store: shop
        domain: shop.example
        provider: digitalocean
        hosts:
          a: { address: 10.10.0.11 }
          b: { address: 10.10.0.12 }
          c: { address: 10.10.0.13 }
          web-1: { address: 10.10.0.31 }
          web-2: { address: 10.10.0.32 }
          db: { address: 10.10.0.51 }
          lb-1: { address: 10.10.0.61 }
        redis:
          role: cache
          nodes: [a, b, c]
          sentinels: [a, b, c]
          password: file:/etc/breakwater/redis.password
        sidecar: { listen: [unix:/run/breakwater/redis.sock] }
        mysql:
          primary: db
          database: shop
          user: backup
          password: file:/etc/breakwater/mysql.password
        web:
          nodes: [web-1, web-2]
          docroot: /srv/shop
          php_fpm: unix:/run/php/shop.sock
          workers: 16
        load_balancer:
          nodes: [lb-1]
          certificate: /etc/ssl/private/shop.pem
          sticky: cookie
          forward:
            - { from: https:443, to: http:80 }
            - { from: http:80, to: http:80 }
            - { from: tcp:8443, to: https:8443 }

        """

    static let local = """
        version: 1
        store: shop
        provider: local

        """

    /// The topology of a text that must be valid; a local store gets addresses in 127.7.7.0.
    static func topology(_ text: String) throws -> StoreTopology {
        let reading = StoreTopology.read(text: text, file: "breakwater.yaml")
        #expect(reading.diagnostics == [])
        let topology = try #require(reading.topology)
        return try #require(topology.assigningLoopback(network: LoopbackNetwork(second: 7, third: 7)))
    }

    static let secrets = RedisSecrets(
        app: Secret("app-secret"), sentinel: Secret("sentinel-secret"), replica: Secret("replica-secret"),
        breakwater: Secret("breakwater-secret"))
}
