import NIOCore
import RESP
import Testing

@testable import RedisClient

/// What Sentinels answer, and what is made of it.
@Suite struct SentinelPollTests {
    private let id = String(repeating: "a", count: 40)

    private func text(_ string: String) -> RESPValue { .bulkString(ByteBuffer(string: string)) }
    private func list(_ strings: String...) -> RESPValue { .array(strings.map(text)) }

    private func replies(
        runID: String? = nil, before: RESPValue? = nil, details: RESPValue? = nil, after: RESPValue? = nil,
        peers: RESPValue? = nil
    ) -> [RESPValue] {
        let address = list("10.0.0.1", "6379")
        let details =
            details ?? list("name", "m", "ip", "10.0.0.1", "port", "6379", "flags", "master", "config-epoch", "7")
        return [text(runID ?? id), before ?? address, details, after ?? before ?? address] + (peers.map { [$0] } ?? [])
    }

    private let poll = SentinelPoll(service: "m", peers: false)
    private let fullPoll = SentinelPoll(service: "m", peers: true)
    private let master = MasterState(endpoint: RedisEndpoint(host: "10.0.0.1", port: 6379), epoch: 7)

    @Test func asksForTheAddressBeforeAndAfterTheEpoch() {
        #expect(poll.commands.map(\.[1]) == ["MYID", "GET-MASTER-ADDR-BY-NAME", "MASTER", "GET-MASTER-ADDR-BY-NAME"])
        #expect(fullPoll.commands.last == ["SENTINEL", "SENTINELS", "m"])
    }

    @Test func readsAReport() {
        #expect(poll.outcome(replies()) == .report(SentinelReport(runID: id, master: master)))
        let map = RESPValue.map(
            [("flags", "master"), ("config-epoch", "7"), ("ip", "10.0.0.1"), ("port", "6379")].map {
                RESPPair(key: text($0.0), value: text($0.1))
            })
        #expect(poll.outcome(replies(details: map)) == .report(SentinelReport(runID: id, master: master)))
    }

    @Test func readsPeers() {
        let peer = list("name", "x", "ip", "10.0.0.9", "port", "26379", "runid", "b")
        let expected = SentinelPeer(runID: "b", endpoint: RedisEndpoint(host: "10.0.0.9", port: 26379))
        let outcome = fullPoll.outcome(replies(peers: .array([peer])))
        #expect(outcome == .report(SentinelReport(runID: id, master: master, peers: [expected])))
    }

    @Test func aPendingFailoverHasNotPromotedAnyone() {
        func outcome(_ named: String) -> SentinelPoll.Outcome {
            poll.outcome(
                replies(
                    before: list(named, "6379"),
                    details: list(
                        "flags", "master,o_down,failover_in_progress", "config-epoch", "7", "ip", "10.0.0.1", "port",
                        "6379")))
        }
        #expect(outcome("10.0.0.1") == .report(SentinelReport(runID: id, master: master, failoverPending: true)))
        // Once the promotion is certain the address is the new master's, while the details still show the old one.
        var promoted = master
        promoted.endpoint = RedisEndpoint(host: "10.0.0.2", port: 6379)
        #expect(outcome("10.0.0.2") == .report(SentinelReport(runID: id, master: promoted)))
    }

    @Test func anAddressThatChangesMeanwhileIsAskedForAgain() {
        let outcome = poll.outcome(replies(before: list("10.0.0.1", "6379"), after: list("10.0.0.2", "6379")))
        #expect(outcome == .unsettled)
    }

    @Test func anUnknownServiceIsNoNonsense() {
        #expect(poll.outcome(replies(before: .null)) == .unusable(.unknownService))
        let error = RESPValue.error("ERR No such master with that name")
        #expect(poll.outcome(replies(details: error)) == .unusable(.unknownService))
    }

    @Test func aRefusalIsSaid() {
        let noauth = RESPValue.error("NOAUTH Authentication required.")
        #expect(
            poll.outcome([noauth, noauth, noauth, noauth]) == .unusable(.refused("NOAUTH Authentication required.")))
    }

    static let nonsense: [(String, @Sendable (SentinelPollTests) -> [RESPValue])] = [
        ("too few", { Array($0.replies().dropLast()) }),
        ("a number for an address", { $0.replies(before: .integer(1)) }),
        ("an address of three", { $0.replies(before: $0.list("10.0.0.1", "6379", "x")) }),
        ("port 0", { $0.replies(before: $0.list("10.0.0.1", "0")) }),
        ("a port that is no number", { $0.replies(before: $0.list("10.0.0.1", "x")) }),
        ("an empty host", { $0.replies(before: $0.list("", "6379")) }),
        ("a host with a line break", { $0.replies(before: $0.list("a\nb", "6379")) }),
        ("a long host", { $0.replies(before: $0.list(String(repeating: "h", count: 300), "6379")) }),
        ("an empty run id", { $0.replies(runID: "") }),
        ("a long run id", { $0.replies(runID: String(repeating: "a", count: 65)) }),
        ("no fields", { $0.replies(details: .integer(1)) }),
        (
            "a negative epoch",
            {
                $0.replies(details: $0.list("flags", "master", "config-epoch", "-1", "ip", "10.0.0.1", "port", "6379"))
            }
        ),
        ("no flags", { $0.replies(details: $0.list("config-epoch", "7", "ip", "10.0.0.1", "port", "6379")) }),
        ("an error", { $0.replies(details: .error("ERR something")) }),
    ]

    @Test(arguments: nonsense.indices)
    func nonsenseIsExcluded(index: Int) {
        let (what, replies) = Self.nonsense[index]
        guard case .unusable(.nonsense) = poll.outcome(replies(self)) else {
            Issue.record("\(what) was accepted")
            return
        }
    }

    @Test func nonsenseAmongPeersIsExcluded() {
        let good = list("ip", "10.0.0.9", "port", "26379", "runid", "b")
        for peers in [
            RESPValue.integer(3), .array([good, .null]), .array([list("ip", "10.0.0.9", "port", "26379")]),
            .array(Array(repeating: good, count: SentinelPoll.maximumPeers + 1)),
        ] {
            guard case .unusable(.nonsense) = fullPoll.outcome(replies(peers: peers)) else {
                Issue.record("\(peers) was accepted")
                continue
            }
        }
    }

    @Test(arguments: [
        ("+switch-master", "m 10.0.0.1 6379 10.0.0.2 6380", "10.0.0.2:6380"),
        ("+selected-slave", "slave 10.0.0.2:6379 10.0.0.2 6379 @ m 10.0.0.1 6379", "10.0.0.2:6379"),
        ("+promoted-slave", "slave 10.0.0.2:6379 10.0.0.2 6379 @ m 10.0.0.1 6379", "10.0.0.2:6379"),
        ("+sdown", "master m 10.0.0.1 6379", nil),
        ("+odown", "master m 10.0.0.1 6379 #quorum 2/2", nil),
        ("+sdown", "slave 10.0.0.2:6379 10.0.0.2 6379 @ m 10.0.0.1 6379", nil),
        ("+new-epoch", "8", nil),
    ])
    func readsHints(channel: String, message: String, candidate: String?) {
        let push = RESPValue.push([text("message"), text(channel), text(message)])
        let hint = SentinelHint(push: push, service: "m")
        let expected = SentinelHint(
            channel: channel, candidate: candidate.flatMap { RedisEndpoint(parsing: $0) },
            epoch: channel == "+new-epoch" ? 8 : nil)
        #expect(hint == expected)
        #expect(SentinelHint(push: push, service: "other") == nil || channel == "+new-epoch")
    }

    @Test(arguments: [
        ("+switch-master", "m 10.0.0.1 6379 10.0.0.2"), ("+switch-master", ""), ("+sdown", ""), ("+sdown", "@"),
        ("+sdown", "slave x y z @"), ("+switch-master", String(repeating: "m ", count: 2000)),
    ])
    func otherMessagesAreNoHints(channel: String, message: String) {
        #expect(SentinelHint(push: .push([text("message"), text(channel), text(message)]), service: "m") == nil)
        #expect(SentinelHint(push: .array([text("message"), text(channel), text(message)]), service: "m") == nil)
    }

    @Test func readsRoles() {
        let pong = RESPValue.simpleString("PONG")
        let replica = RESPValue.array([text("slave"), text("10.0.0.1"), .integer(6379), text("connected"), .integer(1)])
        #expect(RoleAnswer([list("master", "0"), pong]) == .master)
        #expect(RoleAnswer([replica, pong]) == .replica(of: RedisEndpoint(host: "10.0.0.1", port: 6379)))
        #expect(RoleAnswer([list("sentinel"), pong]) == .nonsense)
        #expect(RoleAnswer([list("master", "0"), .integer(1)]) == .nonsense)
        #expect(RoleAnswer([pong]) == .nonsense)
        #expect(RoleAnswer([.error("BUSY Redis is busy running a script."), pong]) == .busy)
        // A loading node answers ROLE; it is not healthy all the same.
        let loading = RESPValue.error("LOADING Redis is loading the dataset in memory")
        #expect(
            RoleAnswer([list("master", "0"), loading]) == .notServing("LOADING Redis is loading the dataset in memory"))
    }

    @Test func waitsGrowToTheirBoundAndDiffer() {
        var backoff = Backoff(first: .milliseconds(50), most: .seconds(1))
        let least = (0..<7).map { _ in backoff.wait(random: 0) }
        #expect(least == [25, 50, 100, 200, 400, 500, 500].map { .milliseconds($0) })
        backoff.reset()
        #expect(backoff.wait(random: 0.5) == .microseconds(37_500))
    }
}
