import RESP

/// The questions of one poll, and what the answers mean.
struct SentinelPoll {
    /// What became of one poll.
    enum Outcome: Equatable {
        case report(SentinelReport)
        /// The address changed between two questions; ask again.
        case unsettled
        case unusable(SentinelExclusion)
    }

    /// More peers than this is nonsense.
    static let maximumPeers = 256

    var service: String
    /// Whether the list of the other Sentinels is asked for.
    var peers: Bool

    /// Sent in one write. The address is asked for before and after the epoch, since the two come from different
    /// commands: only when it is the same both times do they belong together.
    var commands: [[String]] {
        let address = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", service]
        let commands = [["SENTINEL", "MYID"], address, ["SENTINEL", "MASTER", service], address]
        return peers ? commands + [["SENTINEL", "SENTINELS", service]] : commands
    }

    func outcome(_ replies: [RESPValue]) -> Outcome {
        guard replies.count == commands.count else { return .unusable(.nonsense("too few replies")) }
        for reply in replies {
            if let error = reply.errorMessage { return .unusable(Self.exclusion(error)) }
        }
        do {
            let runID = try Self.runID(replies[0])
            guard replies[1] != .null, replies[3] != .null else { return .unusable(.unknownService) }
            let before = try Self.address(replies[1])
            let after = try Self.address(replies[3])
            guard before == after else { return .unsettled }
            let report = try report(runID: runID, master: after, details: replies[2], peers: replies.dropFirst(4).first)
            return .report(report)
        } catch {
            return .unusable(.nonsense(error.what))
        }
    }

    private func report(
        runID: String, master: RedisEndpoint, details: RESPValue, peers: RESPValue?
    ) throws(Nonsense) -> SentinelReport {
        guard let fields = details.fields, let flags = fields["flags"]?.string else {
            throw Nonsense("the reply to SENTINEL MASTER has no flags")
        }
        guard let epoch = fields["config-epoch"]?.string.flatMap({ UInt64($0) }) else {
            throw Nonsense("config-epoch is not a number")
        }
        let configured = try Self.endpoint(fields)
        var listed: [SentinelPeer]?
        if let peers { listed = try self.peers(peers) }
        return SentinelReport(
            runID: runID, master: MasterState(endpoint: master, epoch: epoch),
            // Once the promotion is certain the two addresses differ, until the failover ends.
            failoverPending: flags.split(separator: ",").contains("failover_in_progress") && configured == master,
            peers: listed)
    }

    private func peers(_ reply: RESPValue) throws(Nonsense) -> [SentinelPeer] {
        guard let entries = reply.elements else { throw Nonsense("the list of Sentinels is not a list") }
        guard entries.count <= Self.maximumPeers else { throw Nonsense("it lists \(entries.count) Sentinels") }
        var peers: [SentinelPeer] = []
        for entry in entries {
            guard let fields = entry.fields, let runID = fields["runid"] else {
                throw Nonsense("an entry of the list of Sentinels has no runid")
            }
            peers.append(SentinelPeer(runID: try Self.runID(runID), endpoint: try Self.endpoint(fields)))
        }
        return peers
    }

    private struct Nonsense: Error {
        var what: String
        init(_ what: String) { self.what = what }
    }

    /// 40 hexadecimal digits, as Redis makes them; anything short and printable will do.
    private static func runID(_ value: RESPValue) throws(Nonsense) -> String {
        guard let text = value.string, (1...64).contains(text.utf8.count),
            text.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw Nonsense("the run id is not one") }
        return text
    }

    private static func address(_ value: RESPValue) throws(Nonsense) -> RedisEndpoint {
        guard let parts = value.elements, parts.count == 2, let host = parts[0].string, let port = parts[1].integer,
            let endpoint = RedisEndpoint(sentinelHost: host, port: port)
        else { throw Nonsense("the master's address is not one") }
        return endpoint
    }

    private static func endpoint(_ fields: [String: RESPValue]) throws(Nonsense) -> RedisEndpoint {
        guard let host = fields["ip"]?.string, let port = fields["port"]?.integer,
            let endpoint = RedisEndpoint(sentinelHost: host, port: port)
        else { throw Nonsense("an address is not one") }
        return endpoint
    }

    private static func exclusion(_ error: String) -> SentinelExclusion {
        let shown = String(error.prefix(200))
        return switch error.prefix(while: { $0 != " " }) {
        case "NOAUTH", "WRONGPASS", "NOPERM": .refused(shown)
        case "ERR" where error.hasPrefix("ERR No such master"): .unknownService
        default: .nonsense(shown)
        }
    }
}

extension RedisEndpoint {
    /// The address that a Sentinel names, without brackets; nil when it cannot be one.
    init?(sentinelHost host: String, port: Int64) {
        guard Self.isHost(host[...]), (1...65535).contains(port) else { return nil }
        self.init(host: host, port: Int(port))
    }
}

extension SentinelHint {
    /// The announcements that tell of a failover before a poll would.
    static let channels = [
        "+switch-master", "+selected-slave", "+promoted-slave", "+slave-reconf-done", "+sdown", "-sdown", "+odown",
        "-odown", "+new-epoch", "+try-failover", "+elected-leader", "+failover-end", "-failover-abort-no-good-slave",
        "-failover-abort-not-elected", "-failover-abort-slave-timeout", "+reset-master", "+config-update-from",
    ]

    /// Reads a message (`message`, channel, payload) about the service; nil for any other.
    ///
    /// `+switch-master` says `<service> <old ip> <old port> <new ip> <new port>`; the rest mostly
    /// `<type> <name> <ip> <port> @ <service> <ip> <port>` or, about the master itself,
    /// `master <service> <ip> <port> …` (sentinel.c, `sentinelEvent`).
    init?(push: RESPValue, service: String) {
        guard case .push(let elements) = push, elements.count == 3, elements[0].string == "message",
            let channel = elements[1].string, let message = elements[2].string, message.utf8.count <= 1024
        else { return nil }
        let words = message.split(separator: " ").map(String.init)
        self.init(channel: String(channel.prefix(64)))
        if channel == "+switch-master" {
            guard words.count == 5, words[0] == service, let port = Int64(words[4]) else { return nil }
            candidate = RedisEndpoint(sentinelHost: words[3], port: port)
        } else if channel == "+new-epoch" {
            epoch = words.first.flatMap { UInt64($0) }
        } else if let at = words.firstIndex(of: "@") {
            guard at + 1 < words.count, words[at + 1] == service else { return nil }
            if channel == "+selected-slave" || channel == "+promoted-slave", at == 4, let port = Int64(words[3]) {
                candidate = RedisEndpoint(sentinelHost: words[2], port: port)
            }
        } else {
            guard words.count >= 2, words[0] == "master", words[1] == service else { return nil }
        }
    }
}
