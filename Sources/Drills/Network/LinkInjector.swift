/// Cuts links and makes them bad, and asks the kernel whether it took effect.
struct LinkInjector: Sendable {
    let network: HostNetwork

    private static let limit: Duration = .seconds(5)

    struct Injection: Sendable {
        /// When the rules were handed to the kernel.
        var sent: Int64
        /// When they were seen to stop a packet.
        var effective: Int64
        /// What the kernel says.
        var witness: String
    }

    /// Injects it beside what was injected before.
    /// - Throws: `DrillError` `drill.fault_not_injected` when no packet is seen to meet the rules.
    func inject(_ cut: LinkCut) async throws -> Injection {
        switch cut {
        case .between(let side, let others): try await sever(side, others)
        case .slow(let host, let impairment): try await slow(host, impairment)
        }
    }

    /// Undoes everything, and makes sure that no rule is left.
    func heal() async throws {
        try await SystemProgram.run("nft", ["flush", "chain", "bridge", "breakwater", "cut"])
        for host in network.hosts {
            for (place, device) in devices(of: host) where try await discipline(place, device) != nil {
                try await SystemProgram.run("tc", place + ["qdisc", "del", "dev", device, "root"])
            }
        }
        guard try await counters().isEmpty else {
            throw DrillError("drill.not_repaired", "the fault could not be undone: rules are left")
        }
    }

    // MARK: Cuts

    private func sever(_ side: [String], _ others: [String]) async throws -> Injection {
        let (a, b) = (side.compactMap(network.address(of:)), others.compactMap(network.address(of:)))
        guard !a.isEmpty, !b.isEmpty, let first = side.first, let other = others.first else {
            throw Self.notInjected("there are no hosts on one side of the cut")
        }
        let before = try await counters().count
        let sent = MonotonicClock.now()
        try await add([Self.drop(from: a, to: b), Self.drop(from: b, to: a)])
        let witness = try await poll(every: .milliseconds(10), limit: Self.limit) { () -> [Int]? in
            try await network.knock(from: first, to: other)
            try await network.knock(from: other, to: first)
            let stopped = Array(try await counters().dropFirst(before))
            return stopped.count == 2 && stopped.allSatisfy { $0 > 0 } ? stopped : nil
        }
        guard let witness else { throw Self.notInjected("no packet met the rules that cut \(first) off") }
        return Injection(
            sent: sent, effective: MonotonicClock.now(), witness: "\(witness[0]) and \(witness[1]) packets dropped")
    }

    private static func drop(from: [String], to: [String]) -> String {
        "ip saddr { \(from.joined(separator: ", ")) } ip daddr { \(to.joined(separator: ", ")) } counter drop"
    }

    private func add(_ rules: [String]) async throws {
        let text = rules.map { "add rule bridge breakwater cut \($0)\n" }.joined()
        try await SystemProgram.run("nft", ["-f", "-"], input: text)
    }

    /// How many packets each rule has met.
    private func counters() async throws -> [Int] {
        Self.counters(in: try await SystemProgram.run("nft", ["list", "chain", "bridge", "breakwater", "cut"]))
    }

    /// The numbers after `counter packets` in the listing of a chain (nft(8), "counter statement").
    static func counters(in listing: String) -> [Int] {
        let words = listing.split(whereSeparator: \.isWhitespace)
        return words.indices.compactMap { index in
            guard words[index] == "packets", index > 0, words[index - 1] == "counter", index + 1 < words.endIndex
            else { return nil }
            return Int(words[index + 1])
        }
    }

    // MARK: Bad links

    /// Both ends of a host's link, each with what `tc` needs to get there.
    private func devices(of host: String) -> [([String], String)] {
        [(["-n", host], "eth0")] + (network.port(of: host).map { [([], $0)] } ?? [])
    }

    private func slow(_ host: String, _ impairment: Impairment) async throws -> Injection {
        let before = try await counters().count
        let sent = MonotonicClock.now()
        for (place, device) in devices(of: host) {
            do {
                try await SystemProgram.run(
                    "tc", place + ["qdisc", "add", "dev", device, "root"] + Self.netem(impairment))
            } catch {
                // This kernel has no netem. A narrow link queues packets instead, and the bridge loses them.
                try await SystemProgram.run("tc", place + ["qdisc", "add", "dev", device, "root"] + Self.narrow)
            }
        }
        guard let kind = try await discipline([], network.port(of: host) ?? "") else {
            throw Self.notInjected("the link of \(host) has no queueing discipline")
        }
        if kind != "netem", let address = network.address(of: host) {
            try await add([
                "ip saddr \(address) numgen random mod 100 < \(impairment.loss) counter drop",
                "ip daddr \(address) numgen random mod 100 < \(impairment.loss) counter drop",
            ])
        }
        let witness = try await poll(every: .milliseconds(50), limit: Self.limit) { () -> String? in
            if kind == "netem" { return try await delayed(host) }
            let lost = try await counters().dropFirst(before).reduce(0, +)
            let queued = try await queued(host)
            return lost > 0 && queued > 0 ? "\(kind): \(queued) packets queued, \(lost) lost" : nil
        }
        guard let witness else { throw Self.notInjected("the kernel delayed and lost nothing on the link of \(host)") }
        return Injection(sent: sent, effective: MonotonicClock.now(), witness: witness)
    }

    private static func netem(_ impairment: Impairment) -> [String] {
        [
            "netem", "delay", "\(impairment.delay.inMilliseconds)ms", "\(impairment.jitter.inMilliseconds)ms", "loss",
            "\(impairment.loss)%",
        ]
    }

    /// 2 Mbit/s, of which at most 50 ms may wait.
    private static let narrow = ["tbf", "rate", "2mbit", "burst", "3kb", "latency", "50ms"]

    /// The discipline that was put on a device; nil when it has the kernel's own (`noqueue`).
    private func discipline(_ place: [String], _ device: String) async throws -> String? {
        let words = try await SystemProgram.run("tc", place + ["qdisc", "show", "dev", device])
            .split(whereSeparator: \.isWhitespace)
        guard words.count > 1, words[0] == "qdisc" else { return nil }
        let kind = String(words[1])
        return ["netem", "tbf"].contains(kind) ? kind : nil
    }

    /// Packets that had to wait at the host's end (`overlimits` of tc(8)).
    private func queued(_ host: String) async throws -> Int {
        let text = try await SystemProgram.run("tc", ["-n", host, "-s", "qdisc", "show", "dev", "eth0"])
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let place = words.firstIndex(of: "overlimits"), place + 1 < words.endIndex else { return 0 }
        return Int(words[place + 1]) ?? 0
    }

    /// Packets have gone through netem.
    private func delayed(_ host: String) async throws -> String? {
        let text = try await SystemProgram.run("tc", ["-n", host, "-s", "qdisc", "show", "dev", "eth0"])
        let words = text.split(whereSeparator: \.isWhitespace)
        guard let place = words.firstIndex(of: "pkt"), place > 0, let count = Int(words[place - 1]), count > 0 else {
            return nil
        }
        return "netem: \(count) packets delayed"
    }

    private static func notInjected(_ reason: String) -> DrillError {
        DrillError("drill.fault_not_injected", "the fault could not be injected: \(reason)")
    }
}
