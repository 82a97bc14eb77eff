internal import Certificates
internal import Foundation
package import MySQLClient
internal import RESP
internal import RecoveryCore
package import RedisClient
internal import Topology

/// What people and monitors want to know and no balancer: nothing here takes a node out.
extension HealthProbe {
    /// Whether a majority of the Sentinels answers, names one master, and could agree on another one.
    package static func sentinels(_ endpoints: [RedisEndpoint], service: String, _ tls: RedisTLS?) -> HealthProbe {
        let check = HealthBoard.Check("sentinels", .shared, interval: .seconds(5), timeout: .seconds(3), tolerance: 1)
        var options = RedisConnection.Options()
        options.tls = tls
        return HealthProbe(check) { [options] in
            let masters = await withTaskGroup(of: String?.self) { group in
                for endpoint in endpoints {
                    group.addTask { await Self.master(named: endpoint, service, options) }
                }
                return await group.reduce(into: [String]()) { if let master = $1 { $0.append(master) } }
            }
            let agreed = Dictionary(grouping: masters) { $0 }.values.map(\.count).max() ?? 0
            guard agreed > endpoints.count / 2 else {
                throw Fault("\(masters.count) of \(endpoints.count) answer with a quorum, \(agreed) name one master")
            }
            return "\(agreed) of \(endpoints.count) name \(masters.first ?? "")"
        }
    }

    /// The master that a Sentinel with a quorum names.
    private static func master(
        named endpoint: RedisEndpoint, _ service: String, _ options: RedisConnection.Options
    ) async -> String? {
        guard let connection = try? await RedisConnection.connect(to: .tcp(endpoint), options: options) else {
            return nil
        }
        defer { connection.abandon() }
        let replies = try? await connection.pipeline([
            ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", service], ["SENTINEL", "CKQUORUM", service],
        ])
        guard let replies, replies[1].string?.hasPrefix("OK") == true, let parts = replies[0].elements,
            parts.count == 2, let host = parts[0].string, let port = parts[1].string
        else { return nil }
        return "\(host):\(port)"
    }

    /// How far the database's replicas are behind: none may be stopped, or more than `most` behind.
    package static func replication(_ replicas: [MySQLSettings], most: Duration = .seconds(30)) -> HealthProbe {
        let check = HealthBoard.Check(
            "replication", .shared, interval: .seconds(10), timeout: .seconds(5), tolerance: 1)
        return HealthProbe(check) {
            var worst = 0
            for replica in replicas {
                var settings = replica
                (settings.connectTimeout, settings.readTimeout) = (.seconds(3), .seconds(3))
                let lag = try await MySQLConnection.with(settings) { try await $0.replicaLag() }
                guard let lag else { throw Fault("\(replica.address.host) does not follow its primary") }
                worst = max(worst, lag)
            }
            guard .seconds(worst) <= most else { throw Fault("\(worst) s behind") }
            return "\(worst) s behind"
        }
    }

    /// WordPress' own jobs, which somebody must run: the oldest one that is due may not be overdue for longer than
    /// `most`.
    ///
    /// The option `cron` is a serialised array by the time at which jobs are due (`_get_cron_array()` of
    /// wp-includes/cron.php).
    package static func cron(_ settings: MySQLSettings, table: String, most: Duration = .seconds(3_600)) -> HealthProbe
    {
        let check = HealthBoard.Check("cron", .shared, interval: .seconds(30), timeout: .seconds(5), tolerance: 1)
        var settings = settings
        (settings.connectTimeout, settings.readTimeout) = (.seconds(3), .seconds(3))
        return HealthProbe(check) { [settings] in
            let text: String? = try await MySQLConnection.with(settings) { connection in
                let name = "`\(table.replacing("`", with: "``"))`"
                // Of a shop whose tables are called otherwise nothing is known.
                let tables = "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() "
                guard try await connection.query("\(tables)AND TABLE_NAME = '\(table)'").text() == "1" else {
                    return nil
                }
                return try await connection.query("SELECT option_value FROM \(name) WHERE option_name = 'cron'").text()
            }
            guard let due = text.flatMap(WordPressCron.firstDue) else { return "no jobs" }
            let overdue = Int(Date().timeIntervalSince1970) - due
            guard .seconds(overdue) <= most else { throw Fault("the oldest job is \(overdue) s overdue") }
            return overdue > 0 ? "the oldest job is \(overdue) s overdue" : "the next job is due in \(-overdue) s"
        }
    }

    /// Certificates, none of which may end within `notice`.
    package static func certificates(_ paths: [String], notice: Duration = .seconds(14 * 86_400)) -> HealthProbe {
        let check = HealthBoard.Check(
            "certificates", .shared, interval: .seconds(60), timeout: .seconds(5), tolerance: 1)
        return HealthProbe(check) {
            try await blocking {
                var first: (path: String, days: Int)?
                for path in paths {
                    let text = try String(contentsOfFile: path, encoding: .utf8)
                    guard let facts = CertificateFacts(pem: text) else { throw Fault("\(path) holds no certificate") }
                    let left = facts.notAfter.timeIntervalSinceNow
                    let days = Int((left / 86_400).rounded(.down))
                    guard .seconds(left) > notice else { throw Fault("\(path) ends in \(days) days") }
                    if days < first?.days ?? .max { first = (path, days) }
                }
                return first.map { "\($0.path) ends first, in \($0.days) days" } ?? ""
            }
        }
    }
}

/// WordPress' list of jobs.
enum WordPressCron {
    /// The first time at which one is due, in seconds since 1970; nil when there is none. The value is `serialize`d by
    /// PHP: `a:3:{i:1767225600;a:1:{…}…s:7:"version";i:2;}`.
    static func firstDue(_ serialised: String) -> Int? {
        serialised.matches(of: /i:([0-9]{9,11});a:/).compactMap { Int($0.output.1) }.min()
    }
}
