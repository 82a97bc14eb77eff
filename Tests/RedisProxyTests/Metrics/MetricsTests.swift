import Foundation
import Logging
import NIOCore
import NIOEmbedded
import RecoveryCore
import RedisClient
import Synchronization
import Testing

@testable import RedisProxy

@Suite struct MetricsTests {
    private func status(_ metrics: MetricsSnapshot = MetricsSnapshot()) -> ProxyStatus {
        ProxyStatus(
            service: "my\"master", watcher: WatcherStatus(phase: .searching(.starting)), isDraining: false,
            metrics: metrics)
    }

    private func sample(_ name: String, in text: String) -> String? {
        text.split(separator: "\n").first { $0.hasPrefix(name + " ") }.map { String($0.dropFirst(name.count + 1)) }
    }

    @Test func whatIsRecordedIsExported() {
        let metrics = ShardMetrics()
        metrics.countClient()
        metrics.countClose(.unknownOutcome)
        metrics.countHeld(7)
        metrics.countReplay(CommandTable.shared.resolve(Request("GET k")))
        metrics.countRefusal(ByteBuffer(string: "-READONLY You can't write against a read only replica.\r\n"))
        metrics.countRefusal(ByteBuffer(string: "-"))
        metrics.addClientBytes(in: 10)
        metrics.addClientBytes(out: 20)
        metrics.addUpstreamBytes(out: 30)
        metrics.setHeld(commands: 3, bytes: 99)
        metrics.record(.read, 1_000_000)
        let text = PrometheusText.render(status(metrics.snapshot(clients: 1, pinned: 2, lanes: 3)))
        let expected = [
            "breakwater_proxy_clients": "1",
            "breakwater_proxy_pinned_clients": "2",
            "breakwater_proxy_lanes": "3",
            "breakwater_proxy_clients_accepted_total": "1",
            "breakwater_proxy_clients_closed_total{reason=\"unknown_outcome\"}": "1",
            "breakwater_proxy_held_commands_total": "7",
            "breakwater_proxy_held_commands": "3",
            "breakwater_proxy_held_bytes": "99",
            "breakwater_proxy_resent_commands_total{effect=\"read\"}": "1",
            "breakwater_proxy_refused_commands_total{error=\"READONLY\"}": "1",
            "breakwater_proxy_refused_commands_total{error=\"other\"}": "1",
            "breakwater_proxy_client_received_bytes_total": "10",
            "breakwater_proxy_client_sent_bytes_total": "20",
            "breakwater_proxy_server_sent_bytes_total": "30",
            "breakwater_proxy_command_duration_seconds_sum{class=\"read\"}": "0.001",
            "breakwater_proxy_command_duration_seconds_count{class=\"read\"}": "1",
            "breakwater_proxy_command_duration_seconds_bucket{class=\"read\",le=\"0.000524288\"}": "0",
            "breakwater_proxy_command_duration_seconds_bucket{class=\"read\",le=\"0.001048576\"}": "1",
            "breakwater_proxy_command_duration_seconds_bucket{class=\"read\",le=\"+Inf\"}": "1",
            "breakwater_proxy_ready": "0",
        ]
        for (name, value) in expected { #expect(sample(name, in: text) == value, "\(name)") }
    }

    @Test func snapshotsOfSeveralLoopsAddUp() {
        var total = MetricsSnapshot()
        for _ in 0..<3 {
            let metrics = ShardMetrics()
            metrics.countHoldTimeout()
            metrics.countClose(.draining)
            metrics.setHeld(commands: 2, bytes: 10)
            metrics.record(.write, 100)
            total.add(metrics.snapshot(clients: 4, pinned: 1, lanes: 1))
        }
        #expect(total.counters.holdTimeouts == 3)
        #expect(total.counters.closes[.draining] == 3)
        #expect(total.gauges.clients == 12)
        #expect(total.gauges.heldBytes == 30)
        #expect(total.latency(of: .write).count == 3)
        #expect(total.latency(of: .write).sum == 300)
    }

    /// The form a scraper needs: each family announced once, before its samples, and no sample twice.
    @Test func thePageIsWellFormed() throws {
        let text = PrometheusText.render(status())
        #expect(text.hasSuffix("\n"))
        var families: Set<Substring> = []
        var samples: Set<Substring> = []
        for line in text.split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                let family = line.split(separator: " ")[2]
                #expect(families.insert(family).inserted, "\(family) is announced twice")
            } else if !line.hasPrefix("# HELP ") {
                let blank = try #require(line.lastIndex(of: " "))
                #expect(Double(line[line.index(after: blank)...]) != nil, "\(line)")
                #expect(samples.insert(line[..<blank]).inserted, "\(line) comes twice")
                let name = line[..<blank].prefix { $0 != "{" }
                let family = ["_bucket", "_sum", "_count"].first { name.hasSuffix($0) }.map { name.dropLast($0.count) }
                #expect(families.contains(name) || families.contains(family ?? ""), "\(name) is not announced")
            }
        }
        #expect(samples.count > 200)
    }

    @Test func labelsAreEscaped() {
        var status = status()
        status.watcher.phase = .available(
            MasterState(endpoint: RedisEndpoint(host: "a\\b", port: 1), epoch: 4))
        let text = PrometheusText.render(status)
        #expect(text.contains(#"breakwater_proxy_master_info{service="my\"master",address="a\\b:1"} 1"#))
        #expect(sample("breakwater_proxy_master_epoch", in: text) == "4")
        #expect(sample("breakwater_proxy_ready", in: text) == "1")
    }

    /// What docs/metrics.md says of the sidecar names every family, and none that does not exist. The agent's section is
    /// held against the agent by CommandsTests.
    @Test func theDocumentationListsEveryFamily() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/metrics.md"), encoding: .utf8)
        let documented = page.split(separator: "\n").prefix { $0 != "## The agent" }.filter { $0.hasPrefix("| `") }
            .map { $0.dropFirst(3).prefix { $0 != "`" && $0 != "{" } }
        var status = status()
        status.watcher.assisted = AssistedFailoverCounts()
        status.replicas = ProxyStatus.Replicas(maxLag: .seconds(1), standings: [])
        let exported = PrometheusText.render(status).split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }
            .map { $0.split(separator: " ")[2] }
        #expect(Set(documented) == Set(exported))
        #expect(documented.count == exported.count)
    }

    @Test(
        arguments: [(0, "0"), (1, "0.000000001"), (1_500_000_000, "1.5"), (20_000_000_000, "20")] as [(UInt64, String)])
    func secondsAreExact(nanoseconds: UInt64, text: String) {
        #expect(PrometheusText.seconds(nanoseconds) == text)
    }
}

@Suite struct SlowCommandLogTests {
    @Test func aSlowCommandIsLoggedWithoutItsKeys() throws {
        let lines = LogLines()
        let metrics = ShardMetrics(
            slowLog: SlowCommandLog(threshold: .milliseconds(50), logger: lines.logger))
        let spec = CommandTable.shared.resolve(Request("OBJECT ENCODING secret-key"))
        func record(_ milliseconds: Int64) {
            metrics.record(
                spec, milliseconds * 1_000_000, arguments: 3, requestBytes: 40, replyBytes: 8, at: .uptimeNanoseconds(1)
            )
        }
        record(49)
        #expect(lines.all == [])
        record(50)
        #expect(
            lines.all == [
                "slow command arguments=3 command=OBJECT ENCODING latency_ms=50.0 reply_bytes=8 request_bytes=40"
            ])
        let snapshot = metrics.snapshot(clients: 0, pinned: 0, lanes: 0)
        #expect(snapshot.counters.slowCommands == 1)
        #expect(snapshot.latency(of: .read).count == 2)
    }

    @Test func aFloodIsCutDownAndCounted() {
        let lines = LogLines()
        var log = SlowCommandLog(threshold: .milliseconds(1), logger: lines.logger)
        let command = SlowCommand(
            spec: CommandTable.shared.unknown, arguments: 1, requestBytes: 1, replyBytes: 1, latency: 2_000_000)
        for index in 0..<1000 { log.record(command, now: Int64(index) * 900_000) }
        #expect(lines.all.count == SlowCommandLog.linesPerSecond)
        log.record(command, now: 1_000_000_000)
        #expect(lines.all.last?.contains("suppressed=990") == true)
        log.record(command, now: 1_000_000_001)
        #expect(lines.all.last?.contains("suppressed") == false)
    }

    @Test func withoutAThresholdNothingIsSlow() {
        #expect(SlowCommandLog(threshold: nil, logger: LogLines().logger).threshold == .max)
    }
}

/// Keeps what is logged.
final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger {
        var logger = Logger(label: "test") { _ in Handler(lines: self) }
        logger.logLevel = .trace
        return logger
    }

    private struct Handler: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let fields = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
            lines.lines.withLock { $0.append("\(event.message)\(fields.joined())") }
        }
    }
}
