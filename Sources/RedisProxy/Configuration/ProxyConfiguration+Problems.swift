package import RedisClient

extension ProxyConfiguration {
    /// Every problem of the configuration as a whole. With an error among them it must not be run.
    package func problems() -> [ConfigurationProblem] {
        addressProblems() + outageProblems() + replicaReads.problems() + limitProblems()
    }

    private func addressProblems() -> [ConfigurationProblem] {
        var problems: [ConfigurationProblem] = []
        if listeners.isEmpty {
            problems.append(
                .error(
                    "no_listener", "There is no address for clients to connect to.",
                    hint: "give --listen 127.0.0.1:6379 or --listen unix:/run/breakwater/redis.sock"))
        }
        if sentinels.isEmpty {
            problems.append(
                .error(
                    "no_sentinel", "There is no Sentinel to ask for the master.",
                    hint: "give --sentinel HOST:PORT for each Sentinel, or -f with a topology"))
        } else if Set(sentinels).count < 2 {
            problems.append(
                .warning(
                    "one_sentinel", "Only one Sentinel is named.",
                    hint: "name all of them: the others cannot be discovered while this one is down"))
        }
        if service.isEmpty || service.contains(where: \.isWhitespace) {
            problems.append(
                .error(
                    "bad_service", "The service's name is empty or has blanks in it.",
                    hint: "use the name in `sentinel monitor NAME ...`, mymaster for example"))
        }
        var seen: Set<RedisAddress> = []
        let pages = [admin, control?.endpoint].compactMap { $0 }.map { RedisAddress.tcp($0) }
        for address in listeners.map(\.address) + pages
        where !seen.insert(address).inserted {
            problems.append(
                .error("duplicate_listener", "\(address) is given twice.", hint: "every listener needs its own address")
            )
        }
        for endpoint in sentinels where seen.contains(.tcp(endpoint)) {
            problems.append(
                .error(
                    "listener_is_sentinel", "\(endpoint) is both a listener and a Sentinel.",
                    hint: "the sidecar cannot listen where a Sentinel does"))
        }
        if let admin, !admin.isLoopback {
            problems.append(
                .warning(
                    "admin_exposed", "The admin address \(admin) can be reached from other hosts.",
                    hint: "it has no password: use 127.0.0.1, or a private address behind a firewall"))
        }
        if clientPassword == nil {
            for case .tcp(let endpoint) in listeners.map(\.address) where !endpoint.isLoopback {
                problems.append(
                    .warning(
                        "open_listener", "\(endpoint) lets in everybody who can reach it.",
                        hint: "give --client-password-file, or listen on 127.0.0.1 or a unix socket"))
            }
        }
        return problems
    }

    private func outageProblems() -> [ConfigurationProblem] {
        var problems: [ConfigurationProblem] = []
        if hold < .zero || hold > .seconds(600) {
            problems.append(
                .error("bad_hold", "The hold must be between 0 and 10 minutes.", hint: "800ms is below PHP's timeouts"))
        }
        if failover == .assisted, hangAfter < .milliseconds(100) || hangAfter > .seconds(60) {
            problems.append(
                .error(
                    "bad_hang_after", "The time after which a silent master counts as hung must be 100 ms to 60 s.",
                    hint: "600ms; a busy server may well pause for a moment"))
        }
        if let selfFence, selfFence < .milliseconds(100) || selfFence > .seconds(3600) {
            problems.append(
                .error(
                    "bad_self_fence", "The self-fence must be between 100 ms and an hour.",
                    hint: "four fifths of the Sentinels' down-after is the topology's default"))
        }
        if onTimeout == .degrade, role != .cache {
            problems.append(
                .error(
                    "degrade_needs_cache", "Only a cache may answer reads with nothing during an outage.",
                    hint: "add --role cache if losing every key is harmless, or use --on-timeout close"))
        }
        if guardWindow < .seconds(1) || guardWindow > .seconds(3600) {
            problems.append(
                .error(
                    "bad_guard_window", "The stale-cache guard must remember keys for 1 second to an hour.",
                    hint: "--guard-window 30s is the default"))
        }
        if idempotentPrefixes.contains("") {
            problems.append(
                .error(
                    "empty_prefix", "An empty --idempotent prefix would cover every key.",
                    hint: "name the prefixes whose writes may run twice"))
        }
        if durablePrefixes.contains("") {
            problems.append(
                .error(
                    "empty_durable_prefix", "An empty --durable prefix would make every write wait for replicas.",
                    hint: "name the prefixes of the keys that must not be lost"))
        }
        if !(1...16).contains(durableReplicas) || durableTimeout < .milliseconds(1) || durableTimeout > .seconds(60) {
            problems.append(
                .error(
                    "bad_durable", "Durable writes wait for 1 to 16 replicas, and 1 ms to 60 s.",
                    hint: "--durable-replicas 1 --durable-timeout 500ms"))
        }
        return problems
    }

    private func limitProblems() -> [ConfigurationProblem] {
        var problems: [ConfigurationProblem] = []
        func bound(_ flag: String, _ value: Int, _ range: ClosedRange<Int>) {
            if range.contains(value) { return }
            problems.append(
                .error(
                    "out_of_range", "\(flag) is \(value).", hint: "use \(range.lowerBound) to \(range.upperBound)"))
        }
        bound("--threads", threads, 1...256)
        bound("--max-clients", limits.clients, 1...1_000_000)
        bound("--max-held-bytes", limits.heldBytes, 0...(1 << 40))
        bound("--max-bulk-bytes", limits.bulkLength, 1024...(1 << 40))
        bound("--max-journal-bytes", limits.journalBytes, 0...(1 << 40))
        if let slowLog, slowLog <= .zero {
            problems.append(
                .error("bad_slow_log", "--slow-log must be longer than nothing.", hint: "leave it out for no slow log"))
        }
        if drainTimeout < .zero || drainTimeout > .seconds(3600) {
            problems.append(
                .error("bad_drain", "--drain-timeout must be between 0 and an hour.", hint: "10s is the default"))
        }
        return problems
    }
}

extension RedisEndpoint {
    /// Whether only this machine can reach the endpoint. Names other than `localhost` are taken for reachable.
    package var isLoopback: Bool {
        host == "localhost" || host == "::1" || (host.hasPrefix("127.") && host.allSatisfy { $0.isNumber || $0 == "." })
    }
}
