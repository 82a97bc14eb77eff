package import FastCGI
package import MySQLClient
package import RedisClient

/// What a web node is looked at for. What is left out is not looked at.
package struct HealthSettings: Sendable {
    /// A database to look at, with what else is to be asked of it.
    package struct Database: Sendable {
        package var settings: MySQLSettings
        /// WordPress' options table, whose jobs must not be overdue; nil without one.
        package var options: String?

        package init(_ settings: MySQLSettings, options: String? = nil) {
            (self.settings, self.options) = (settings, options)
        }
    }

    package var phpFPM: FastCGIClient.Endpoint?
    /// The web server's own address, which answers `/breakwater-live` without PHP.
    package var webServer: RedisEndpoint?
    /// The document root, with WordPress' `wp-content/uploads` in it.
    package var docroot: String?
    /// A page of the shop is made by PHP-FPM for this host name.
    package var pageHost: String?
    /// Redis as PHP reaches it.
    package var redis: RedisAddress?
    package var redisCredentials: RedisCredentials?
    package var sentinels: [RedisEndpoint] = []
    package var service = ""
    package var sentinelTLS: RedisTLS?
    package var database: Database?
    package var replicas: [MySQLSettings] = []
    /// Paths of certificates in PEM.
    package var certificates: [String] = []
    /// Shared checks that count for the balancer.
    package var strict: Set<String> = []
    /// The node is drained as long as this file is there.
    package var drainFile: String

    package init(drainFile: String) {
        self.drainFile = drainFile
    }

    /// In the order in which they are shown.
    package var probes: [HealthProbe] {
        var probes: [HealthProbe] = []
        if let webServer { probes.append(.webServer(webServer)) }
        if let phpFPM { probes.append(.phpFPM(phpFPM)) }
        if let docroot {
            probes.append(.folder("docroot", at: docroot))
            probes.append(.folder("uploads", at: "\(docroot)/wp-content/uploads"))
            probes.append(.disk(at: "\(docroot)/wp-content/uploads"))
        }
        if let redis { probes.append(.redis(redis, redisCredentials)) }
        if !sentinels.isEmpty { probes.append(.sentinels(sentinels, service: service, sentinelTLS)) }
        if let database {
            probes.append(.database(database.settings))
            if let options = database.options { probes.append(.cron(database.settings, table: options)) }
        }
        if !replicas.isEmpty { probes.append(.replication(replicas)) }
        if !certificates.isEmpty { probes.append(.certificates(certificates)) }
        if let phpFPM, let docroot, let pageHost {
            probes.append(.page(phpFPM, script: "\(docroot)/index.php", host: pageHost))
        }
        return probes
    }

    package var health: NodeHealth { NodeHealth(probes, strict: strict, drainFile: drainFile) }
}
