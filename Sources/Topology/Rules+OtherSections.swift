extension Rules {
    /// The sections whose commands come later: bounds that the provider sets, and what needs what.
    func checkOtherSections() {
        if let health = topology.loadBalancer?.health {
            if topology.provider == .digitalocean, topology.loadBalancer?.nodes.isEmpty == true {
                checkProviderBounds(health)
            }
            if health.timeout >= health.interval {
                context.report(
                    .loadBalancerHealthTiming, as: .warning, at: "load_balancer.health.timeout",
                    with: ["load_balancer.health.interval"],
                    "a check may take \(health.timeout.topologyText), but the next one starts after "
                        + health.interval.topologyText,
                    hint: "keep `timeout` below `interval`")
            }
        }
        if let balancer = topology.loadBalancer { check(balancer) }
        if let strict = topology.web?.strict, let first = strict.first {
            context.report(
                .webStrict, as: .warning, at: "web.strict",
                "when `\(first)` fails, every web node leaves the balancer at once, and shoppers get nothing at all",
                hint: "leave `strict` out: without it such a node serves what it can")
        }
        if let failover = topology.regionFailover, failover.mode != .off {
            if topology.regions?.standby == nil {
                context.report(
                    .regionFailoverNeedsStandby, at: "region_failover.mode", with: ["regions"],
                    "`mode: \(failover.mode.rawValue)` needs a region to move to", hint: "set `regions.standby`")
            }
            if failover.mode == .automatic, topology.regions?.witness == nil {
                context.report(
                    .regionFailoverNeedsWitness, at: "region_failover.mode", with: ["regions"],
                    "`mode: automatic` needs a third region: with two, neither can know that the other is lost",
                    hint: "set `regions.witness`, or use `mode: confirmed`")
            }
        }
    }

    /// What HAProxy on machines of the store needs.
    private func check(_ balancer: LoadBalancerTopology) {
        guard !balancer.nodes.isEmpty else { return }
        let ends = balancer.forward.contains { [.https, .http2].contains($0.from.scheme) && $0.to.scheme == .http }
        if ends, balancer.certificate == nil {
            context.report(
                .loadBalancerNoCertificate, at: "load_balancer.forward", with: ["load_balancer.nodes"],
                "TLS ends at the balancer, which has no certificate",
                hint: "set `certificate` to a PEM file with certificate, chain and key")
        }
    }

    /// What DigitalOcean's API accepts for a health check.
    private func checkProviderBounds(_ health: LoadBalancerTopology.Health) {
        func check<T: Comparable & TopologyScalar>(_ key: String, _ value: T, _ range: ClosedRange<T>) {
            guard !range.contains(value) else { return }
            context.report(
                .loadBalancerBounds, at: "load_balancer.health.\(key)",
                "`\(key)` is \(value.topologyText); DigitalOcean accepts \(range.lowerBound.topologyText) to "
                    + range.upperBound.topologyText)
        }
        check("interval", health.interval, .seconds(3)...(.seconds(300)))
        check("timeout", health.timeout, .seconds(3)...(.seconds(300)))
        check("unhealthy", health.unhealthy, 2...10)
        check("healthy", health.healthy, 2...10)
    }
}
