internal import ArgumentParser

/// The topologies `breakwater init` writes. Each one is valid as it stands.
package enum StarterTopology: String, CaseIterable, ExpressibleByArgument, Sendable {
    case local
    case digitalocean

    /// The file's text. Backups are for `recipient` (`age1…`), whose private key is in the file `identity`.
    package func text(tls: Bool = false, recipient: String, identity: String) -> String {
        var text =
            switch self {
            case .local: Self.localText
            case .digitalocean: Self.digitalOceanText
            }
        text = text.replacing("RECIPIENT", with: recipient).replacing("IDENTITY", with: identity)
        guard tls else { return text }
        return text.replacing("\nredis:\n", with: "\nredis:\n\(encryption)", maxReplacements: 1)
    }

    private var encryption: String {
        switch self {
        case .local:
            """
              # TLS on every link to nodes and Sentinels; `breakwater up` makes the certificates (docs/tls.md).
              tls: true

            """
        case .digitalocean:
            """
              # TLS on every link to nodes and Sentinels. Every machine needs ca.crt, node.crt and node.key in
              # /etc/breakwater/tls, for its address and from an authority of yours (docs/tls.md).
              tls: true
              # Lets new certificates be taken up by running nodes:
              users: { operator: file:/etc/breakwater/redis-operator.password }

            """
        }
    }

    private static let localText = """
        # A store on this machine: three Redis nodes, three Sentinels and three web nodes, each with a loopback
        # address of its own. `breakwater up` starts them, `breakwater demo` kills some and shows what clients saw.
        # Every key is explained in docs/topology.md.
        version: 1
        store: shop
        provider: local

        redis:
          # cache: the data exists elsewhere; Redis may forget it, but must never show an old state.
          # store: the data exists only here (the default; nothing is ever dropped).
          role: cache
          # How long Sentinel waits before it calls a silent master dead.
          down_after: 2s
          failover_timeout: 10s
          maxmemory: 64MiB
          # Key prefixes whose SET and DEL may be sent again when nobody knows whether they arrived:
          # idempotent: ["wp:transient:"]

        sidecar:
          hold: 800ms                   # how long commands wait for a new master; PHP's read timeout is 1s
          on_timeout: close             # what happens then: close | degrade

        # A database server (MariaDB) of the store's own, and a folder for its backups: `breakwater backup create`,
        # then `breakwater restore --identity IDENTITY`.
        # mysql: { primary: db-1 }
        # backup:
        #   # Backups can be opened with the private key in IDENTITY alone. Keep a copy of it elsewhere.
        #   recipients: [RECIPIENT]
        #   keep: { last: 3, daily: 7 }

        """

    private static let digitalOceanText = """
        # A WooCommerce store on DigitalOcean. Replace names and addresses, then run `breakwater validate`.
        # Every key is explained in docs/topology.md; what is left out has a safe default.
        version: 1
        store: your-store               # names services, prefixes, tags
        domain: your-store.com
        provider: digitalocean

        regions:
          primary: nyc3

        # Use the addresses of the private network (VPC). Data nodes and Sentinels belong on machines of which any
        # one may die: two Sentinels on one machine are one Sentinel.
        hosts:
          redis-1: { region: nyc3, address: 10.10.0.11 }
          redis-2: { region: nyc3, address: 10.10.0.12 }
          redis-3: { region: nyc3, address: 10.10.0.13 }
          sentinel-1: { region: nyc3, address: 10.10.0.21 }
          sentinel-2: { region: nyc3, address: 10.10.0.22 }
          sentinel-3: { region: nyc3, address: 10.10.0.23 }
          web-1: { region: nyc3, address: 10.10.0.31 }
          web-2: { region: nyc3, address: 10.10.0.32 }

        redis:
          service: mymaster
          # cache: the data exists elsewhere; Redis may forget it, but must never show an old state.
          # store: the data exists only here.
          role: cache
          nodes: [redis-1, redis-2, redis-3]      # the first one starts as the master
          sentinels: [sentinel-1, sentinel-2, sentinel-3]
          down_after: 5s
          failover_timeout: 10s
          maxmemory: 512MiB
          # The password itself never stands in this file. Create it, readable by root alone, with:
          #   install -m 0600 /dev/null /etc/breakwater/redis.password
          #   openssl rand -hex 32 > /etc/breakwater/redis.password
          password: file:/etc/breakwater/redis.password
          # Key prefixes whose SET and DEL may be sent again when nobody knows whether they arrived:
          # idempotent: ["wp:transient:"]

        # The proxy next to PHP. WordPress connects to this socket instead of to Redis.
        sidecar:
          listen: [unix:/run/breakwater/redis.sock]
          socket_group: www-data                  # PHP-FPM's group
          hold: 800ms                             # how long commands wait for a new master; PHP's timeout is 1s
          on_timeout: close                       # what happens then: close | degrade

        web:
          nodes: [web-1, web-2]
          docroot: /var/www/html
          php_fpm: unix:/run/php/php-fpm.sock

        # The database. What its user needs is in docs/backup.md.
        mysql:
          endpoint: your-db-do-user-1-0.db.ondigitalocean.com:25060
          database: shop
          user: backup
          password: file:/etc/breakwater/mysql.password
          ca: /etc/breakwater/mysql-ca.crt

        # Its backups: `breakwater backup create` makes one, `breakwater restore` brings one back. The bucket's keys come
        # from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.
        backup:
          to: ["s3://your-backups/your-store?region=sfo3"]   # a bucket in another region than the database
          # Encrypted for this public key. Only the private key in IDENTITY opens the backups: keep it
          # in two places, none of them a machine of the store.
          recipients: [RECIPIENT]
          schedule: "0 3 * * *"                   # what cron or a timer runs; `backup list` says when it is due
          verify: "0 5 * * 0"
          time_zone: UTC
          keep: { last: 3, daily: 7, weekly: 5, monthly: 12 }
          schema_only: ["preset:woocommerce"]     # sessions, held stock, logs: their rows are not missed

        """
}
