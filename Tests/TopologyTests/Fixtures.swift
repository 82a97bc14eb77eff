import Topology

/// Every section.
let completeFile = """
    version: 1
    store: your-store                 # names services, prefixes, tags
    domain: your-store.com
    provider: digitalocean            # or local

    regions:
      primary: nyc3
      standby: sfo3
      witness: ams3

    hosts:
      redis-1: { region: nyc3, address: 10.10.0.11 }
      redis-2: { region: nyc3, address: 10.10.0.12 }
      redis-3: { region: nyc3, address: 10.10.0.13 }
      sentinel-1: { region: nyc3, address: 10.10.0.21 }
      sentinel-2: { region: nyc3, address: 10.10.0.22 }
      sentinel-3: { region: nyc3, address: 10.10.0.23 }
      web-1: { region: nyc3, address: 10.10.0.31 }
      web-2: { region: nyc3, address: 10.10.0.32 }
      web-3: { region: nyc3, address: 10.10.0.33 }

    redis:
      service: mymaster
      role: cache
      nodes: [redis-1, redis-2, redis-3]
      sentinels: [sentinel-1, sentinel-2, sentinel-3]
      quorum: 2
      down_after: 5s
      failover_timeout: 10s
      failover: assisted
      maxmemory: 512MiB
      password: file:/etc/breakwater/redis.password
      tls: false
      durable: []

    sidecar:
      listen: [unix:/run/breakwater/redis.sock]
      hold: 800ms
      on_timeout: degrade

    mysql:
      managed: true
      endpoint: your-store-db.example:25060
      database: your_store
      user: doadmin
      password: file:/etc/breakwater/mysql.password
      ca: /etc/breakwater/mysql-ca.pem

    backup:
      schedule: "0 3 * * *"
      time_zone: Europe/Berlin
      to:
        - s3://your-store-backups/mysql?region=sfo3
      recipients: [age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj]
      point_in_time: true
      verify: "0 5 * * 0"
      keep: { hourly: 24, daily: 14, weekly: 8, monthly: 12 }
      schema_only: [preset:woocommerce]
      files: { paths: [/var/www/html/wp-content], exclude: [cache, uploads/wc-logs] }

    web:
      nodes: [web-1, web-2, web-3]
      docroot: /var/www/html
      php_fpm: unix:/run/php/php-fpm.sock

    load_balancer:
      forward: [{ from: https:443, to: http:80 }, { from: http:80, to: http:80 }]
      health: { path: /healthz, port: 8080, interval: 10s, timeout: 5s, unhealthy: 3, healthy: 2 }

    dns:
      provider: cloudflare
      record: your-store.com
      ttl: 60s
      token: env:CLOUDFLARE_API_TOKEN

    region_failover:
      mode: confirmed
      etcd: [https://10.10.0.41:2379, https://10.20.0.41:2379, https://10.30.0.41:2379]
      max_lag: 5s
      fence: { require: [web, database] }

    alerts:
      - webhook: env:SLACK_WEBHOOK_URL

    """

/// The shortest useful file.
let localFile = """
    version: 1
    store: shop
    provider: local

    """

/// A production file whose `redis` section is replaced by `lines`, each indented by two spaces. Its hosts are on
/// lines 4 to 12, `redis:` on line 14, and the given lines start on line 15.
func redisFile(_ lines: String...) -> String {
    """
    version: 1
    store: shop
    provider: digitalocean
    hosts:
      a: { address: 10.0.0.1 }
      b: { address: 10.0.0.2 }
      c: { address: 10.0.0.3 }
      d: { address: 10.0.0.4 }
      e: { address: 10.0.0.5 }
      a-again: { address: 10.0.0.1 }
      named: { address: redis.internal.example }
      public: { address: 203.0.113.9 }

    redis:

    """ + lines.map { "  \($0)\n" }.joined()
}

/// The findings of a text in the form `line:column severity code`, without those about unused hosts, which the shared
/// fixture has on purpose.
func findings(_ text: String) -> [String] {
    StoreTopology.read(text: text, file: "f").diagnostics
        .filter { $0.code != "hosts.unused" }
        .map { "\($0.line):\($0.column) \($0.severity.rawValue) \($0.code)" }
}

/// The one diagnostic with that code; `nil` if there is none or more than one.
func diagnostic(_ code: String, in text: String) -> Diagnostic? {
    let matching = StoreTopology.read(text: text, file: "f").diagnostics.filter { $0.code == code }
    return matching.count == 1 ? matching.first : nil
}
