import NIOCore
import RecoveryCore
import RedisClient

extension PrometheusText {
    /// Everything a sidecar measures. docs/metrics.md lists the families.
    static func render(_ status: ProxyStatus) -> String {
        var text = PrometheusText()
        text.writeService(status)
        text.writeFailover(status.watcher)
        text.writeClients(status.metrics)
        text.writeOutages(status.metrics)
        text.writeDegraded(status.metrics)
        text.writeDurability(status.metrics.counters.durability)
        text.writeStaleCache(status.metrics)
        if let replicas = status.replicas { text.writeReplicas(replicas, status.metrics.counters.replicaReads) }
        text.writeServers(status.metrics)
        text.writeLatencies(status.metrics)
        text.writeProcess(ProcessFigures.current())
        return text.text
    }

    private static let prefix = "breakwater_proxy_"

    private mutating func count(_ name: String, _ help: String, _ value: UInt64) {
        single(Self.prefix + name, .counter, help, value)
    }

    private mutating func gauge(_ name: String, _ help: String, _ value: some BinaryInteger) {
        single(Self.prefix + name, .gauge, help, value)
    }

    private mutating func count<Case>(
        _ name: String, _ help: String, _ counts: ByCase<Case>, by label: String, _ value: (Case) -> String
    ) {
        family(Self.prefix + name, .counter, help)
        for item in Case.allCases { sample(Self.prefix + name, "\(counts[item])", (label, value(item))) }
    }

    private mutating func writeService(_ status: ProxyStatus) {
        let watcher = status.watcher
        gauge("ready", "1 while commands can be served, as /readyz says.", status.unreadiness == nil ? 1 : 0)
        gauge("draining", "1 while the sidecar shuts down.", status.isDraining ? 1 : 0)
        family(Self.prefix + "master_info", .gauge, "1 for the master last confirmed, with its address.")
        if let master = watcher.phase.last {
            sample(
                Self.prefix + "master_info", "1", ("service", status.service),
                ("address", master.endpoint.description))
        }
        gauge("master_epoch", "Sentinel's config-epoch of the master last confirmed.", watcher.phase.last?.epoch ?? 0)
        count("master_switches_total", "Times another master was confirmed.", watcher.switches)
        gauge("sentinels_known", "Sentinels known, configured or discovered.", watcher.known)
        gauge("sentinels_answering", "Sentinels whose word counts now.", watcher.answering)
        gauge("sentinels_majority", "Sentinels that must agree.", watcher.majority)
    }

    private mutating func writeFailover(_ watcher: WatcherStatus) {
        let provisional = if case .provisional = watcher.phase { 1 } else { 0 }
        gauge("master_provisional", "1 while the master in use is not confirmed by a majority yet.", provisional)
        count("early_releases_total", "Times a master was used before a majority confirmed it.", watcher.earlyReleases)
        count("quarantines_total", "Early releases that a majority did not confirm.", watcher.quarantines)
        gauge(
            "self_fenced", "1 while no Sentinel majority is heard and the master is not used.", watcher.isFenced ? 1 : 0
        )
        count("self_fences_total", "Times the master was given up for want of a Sentinel majority.", watcher.selfFences)
        guard let assisted = watcher.assisted else { return }
        count("failover_requests_total", "Failovers asked of a Sentinel.", assisted.requests)
        count("failover_joins_total", "Failovers that another observer had asked for.", assisted.joined)
        count("failover_repointed_total", "Replicas sent to a new master.", assisted.repointed)
        let name = Self.prefix + "failover_refusals_total"
        family(name, .counter, "Times no failover was asked for although the master was lost, by reason.")
        for refusal in FailoverRefusal.allCases where refusal != .notCertain {
            sample(name, "\(assisted.refusals[refusal] ?? 0)", ("reason", refusal.rawValue))
        }
    }

    private mutating func writeClients(_ metrics: MetricsSnapshot) {
        let counters = metrics.counters
        gauge("clients", "Client connections.", metrics.gauges.clients)
        gauge("pinned_clients", "Client connections that hold a server connection of their own.", metrics.gauges.pinned)
        count("clients_accepted_total", "Client connections accepted.", counters.clientsAccepted)
        count(
            "failed_handshakes_total", "Client connections whose TLS handshake failed or took too long.",
            counters.failedHandshakes)
        count("clients_refused_total", "Client connections refused: too many, or draining.", counters.clientsRefused)
        count("clients_closed_total", "Client connections ended, by reason.", counters.closes, by: "reason") {
            $0.rawValue
        }
        count("protocol_errors_total", "Requests that break the protocol or its limits.", counters.protocolErrors)
        count("client_received_bytes_total", "Bytes read from clients.", counters.bytesFromClients)
        count("client_sent_bytes_total", "Bytes written to clients.", counters.bytesToClients)
    }

    private mutating func writeOutages(_ metrics: MetricsSnapshot) {
        let counters = metrics.counters
        gauge("held_commands", "Commands that wait for a master.", metrics.gauges.heldCommands)
        gauge("held_bytes", "Bytes of the commands that wait.", metrics.gauges.heldBytes)
        count("held_commands_total", "Commands that had to wait for a master.", counters.held)
        count("hold_timeouts_total", "Commands that waited for a master in vain.", counters.holdTimeouts)
        count(
            "resent_commands_total", "Commands sent again after they had been handed over, by effect.",
            counters.replays, by: "effect"
        ) { $0.label }
        count(
            "rebuilt_sessions_total", "Pinned clients whose state was built up again on another server.",
            counters.privateReplays)
        count(
            "refused_commands_total", "Commands a server refused to run for the moment, by its error.",
            counters.refusals, by: "error"
        ) { $0.rawValue }
    }

    private mutating func writeDegraded(_ metrics: MetricsSnapshot) {
        let figures = metrics.counters.degraded
        gauge("degraded", "1 while commands are answered without a server.", metrics.gauges.degraded > 0 ? 1 : 0)
        count("degraded_episodes_total", "Times an event loop became degraded.", figures.episodes)
        let seconds = Self.prefix + "degraded_seconds_total"
        family(seconds, .counter, "Time degraded, of all event loops.")
        sample(seconds, Self.seconds(figures.nanoseconds))
        count("degraded_answers_total", "Commands while degraded, by what became of them.", figures.answers, by: "kind")
        {
            $0.rawValue
        }
    }

    private mutating func writeDurability(_ figures: DurabilityFigures) {
        count("durable_writes_total", "Writes to durable keys, by outcome.", figures.writes, by: "outcome") {
            $0.rawValue
        }
        histogram("durable_wait_seconds", "How long durable writes waited for replicas.", figures.waits)
    }

    private mutating func writeStaleCache(_ metrics: MetricsSnapshot) {
        let figures = metrics.counters.staleCache
        gauge("journal_bytes", "Bytes of the keys a cache remembers as written of late.", metrics.gauges.journalBytes)
        count(
            "purges_total", "Masters on which a cache's doubtful keys were to be deleted.", figures.purges,
            by: "outcome"
        ) { $0.rawValue }
        count("purged_keys_total", "Keys that purges deleted.", figures.keys)
        count("purged_databases_total", "Databases that purges emptied.", figures.flushes)
        count("forgiven_writes_total", "Writes of unknown outcome that were said to be done.", figures.forgiven)
        histogram("purge_seconds", "How long purges kept commands from a master.", figures.durations)
    }

    private mutating func histogram(_ name: String, _ help: String, _ values: PowerHistogram) {
        let name = Self.prefix + name
        family(name, .histogram, help)
        for exponent in PowerHistogram.exponents {
            let bound = Self.seconds(UInt64(1) << UInt64(exponent))
            sample(name + "_bucket", "\(values.count(belowPower: exponent))", ("le", bound))
        }
        sample(name + "_bucket", "\(values.count)", ("le", "+Inf"))
        sample(name + "_sum", Self.seconds(values.sum))
        sample(name + "_count", "\(values.count)")
    }

    private mutating func writeReplicas(_ replicas: ProxyStatus.Replicas, _ figures: ReplicaReadFigures) {
        let oldest = NIODeadline.now() - replicas.maxLag
        gauge(
            "replicas_usable", "Replicas that are within the lag allowed for reads.",
            replicas.standings.count { $0.isFresh(since: oldest) })
        count("replica_reads_total", "Reads given to a replica.", figures.reads)
        count(
            "replica_read_fallbacks_total",
            "Reads that a replica might have answered and the master was given, by reason.",
            figures.fallbacks, by: "reason"
        ) { $0.rawValue }
    }

    private mutating func writeServers(_ metrics: MetricsSnapshot) {
        let counters = metrics.counters
        gauge("lanes", "Shared server connections that are ready.", metrics.gauges.lanes)
        count("server_reconnects_total", "Shared server connections made again after a loss.", counters.reconnects)
        count("server_sent_bytes_total", "Bytes written to servers.", counters.bytesToServer)
        count("slow_commands_total", "Commands slower than --slow-log.", counters.slowCommands)
    }

    /// Every power of two from 16 µs to 17 s, whose counts are exact; the finer steps would make the page long.
    private static let exponents = 14...34

    private mutating func writeLatencies(_ metrics: MetricsSnapshot) {
        let name = Self.prefix + "command_duration_seconds"
        family(name, .histogram, "From a command's arrival to its answer, time held included, by command class.")
        for commandClass in CommandClass.allCases {
            let latency = metrics.latency(of: commandClass)
            let label = ("class", commandClass.label)
            for exponent in Self.exponents {
                let bound = UInt64(1) << UInt64(exponent)
                sample(name + "_bucket", "\(latency.count(below: bound))", label, ("le", Self.seconds(bound)))
            }
            sample(name + "_bucket", "\(latency.count)", label, ("le", "+Inf"))
            sample(name + "_sum", Self.seconds(latency.sum), label)
            sample(name + "_count", "\(latency.count)", label)
        }
    }

    private mutating func writeProcess(_ figures: ProcessFigures) {
        family("process_cpu_seconds_total", .counter, "CPU time, user and system.")
        sample("process_cpu_seconds_total", Self.seconds(figures.cpuNanoseconds))
        if let bytes = figures.residentBytes {
            single("process_resident_memory_bytes", .gauge, "Resident memory.", bytes)
        }
        if let count = figures.openFiles { single("process_open_fds", .gauge, "Open file descriptors.", count) }
        single("process_max_fds", .gauge, "Limit of open file descriptors.", figures.fileLimit)
        single("process_start_time_seconds", .gauge, "Start time in seconds since 1970.", figures.startTime)
    }

    /// Exact decimals without an exponent.
    static func seconds(_ nanoseconds: UInt64) -> String {
        let whole = nanoseconds / 1_000_000_000
        let fraction = String(nanoseconds % 1_000_000_000)
        var digits = String(repeating: "0", count: 9 - fraction.count) + fraction
        while digits.last == "0" { digits.removeLast() }
        return digits.isEmpty ? "\(whole)" : "\(whole).\(digits)"
    }
}

extension CommandEffect {
    /// The value of the `effect` label in metrics.
    var label: String {
        switch self {
        case .read: "read"
        case .scan: "scan"
        case .overwrite: "overwrite"
        case .mutate: "mutate"
        case .publish: "publish"
        case .control: "control"
        }
    }
}
