import NIOCore
import RESP
import RecoveryCore
import Testing

@testable import RedisClient

/// What Sentinels and replicas answer to a survey, well-formed and not.
@Suite struct FailoverSurveyTests {
    private static let up = """
        # Replication\r
        role:slave\r
        master_host:10.0.0.1\r
        master_port:6379\r
        master_link_status:up\r
        master_last_io_seconds_ago:1\r
        slave_repl_offset:4711\r
        slave_priority:100\r

        """

    @Test func readsAReplica() {
        #expect(
            ReplicaState(information: Self.up)
                == ReplicaState(
                    master: RedisEndpoint(host: "10.0.0.1", port: 6379), isLinkUp: true, lastIOSeconds: 1,
                    offset: 4711))
        let down = Self.up.replacing("link_status:up", with: "link_status:down")
            .replacing("ago:1", with: "ago:-1\r\nmaster_link_down_since_seconds:7")
        let state = ReplicaState(information: down)
        #expect(state?.isLinkUp == false && state?.lastIOSeconds == -1 && state?.linkDownSeconds == 7)
    }

    @Test func readsAMasterAndNonsense() {
        #expect(ReplicaState(information: "role:master\r\nconnected_slaves:2\r\n")?.isReplica == false)
        #expect(ReplicaState(information: "") == nil)
        #expect(ReplicaState(information: "hello") == nil)
        #expect(ReplicaState(information: "role:slave\nmaster_host:\nmaster_port:99999999")?.master == nil)
    }

    private static func strings(_ texts: [String]) -> RESPValue {
        .array(texts.map { .bulkString(ByteBuffer(string: $0)) })
    }

    private static func replies(flags: String = "master", quorum: RESPValue = .simpleString("OK 3 usable"))
        -> [RESPValue]
    {
        [
            .bulkString(ByteBuffer(string: "a1")), strings(["10.0.0.1", "6379"]),
            strings(["flags", flags, "config-epoch", "4", "failover-timeout", "5000"]),
            .array([strings(["ip", "10.0.0.2", "port", "6379"]), strings(["ip", "", "port", "x"])]), quorum,
        ]
    }

    @Test func readsASentinel() {
        let asked = RedisEndpoint(host: "10.0.0.9", port: 26379)
        let answers = SentinelAnswers(asked, Self.replies())
        let expected = SentinelView(
            endpoint: asked, runID: "a1", master: RedisEndpoint(host: "10.0.0.1", port: 6379), epoch: 4,
            failoverTimeout: .seconds(5))
        #expect(answers?.view == expected)
        #expect(answers?.replicas == [RedisEndpoint(host: "10.0.0.2", port: 6379)])
        #expect(
            SentinelAnswers(asked, Self.replies(flags: "master,o_down,failover_in_progress"))?.view.failoverPending
                == true)
        let noQuorum = SentinelAnswers(asked, Self.replies(quorum: .error("NOQUORUM 1 usable Sentinels.")))
        #expect(noQuorum?.view.hasQuorum == false)
    }

    @Test(arguments: [
        (["flags", "slave", "runid", "r", "info-refresh", "29000"], true),
        (["flags", "slave", "runid", "r", "info-refresh", "31000"], false),
        (["flags", "slave", "runid", "", "info-refresh", "0"], false),
        (["flags", "s_down,slave,disconnected", "runid", "r", "info-refresh", "900"], false),
        (["flags", "slave,disconnected", "runid", "r", "info-refresh", "900"], false),
    ])
    func readsWhomASentinelWouldPromote(fields: [String], isSelectable: Bool) {
        var replies = Self.replies()
        replies[3] = .array([Self.strings(["ip", "10.0.0.2", "port", "6379"] + fields)])
        let answers = SentinelAnswers(RedisEndpoint(host: "10.0.0.9", port: 26379), replies)
        #expect(answers?.view.unselectable == (isSelectable ? [] : [RedisEndpoint(host: "10.0.0.2", port: 6379)]))
    }

    @Test(arguments: ["slave", "master"])
    func readsWhomASentinelTakesForAMaster(role: String) {
        let node = ["ip", "10.0.0.2", "port", "6379", "flags", "slave", "runid", "r", "role-reported", role]
        var replies = Self.replies()
        replies[3] = .array([Self.strings(node)])
        let answers = SentinelAnswers(RedisEndpoint(host: "10.0.0.9", port: 26379), replies)
        #expect(answers?.view.mistaken == (role == "slave" ? [] : [RedisEndpoint(host: "10.0.0.2", port: 6379)]))
    }

    @Test func nonsenseIsNoAnswer() {
        let asked = RedisEndpoint(host: "10.0.0.9", port: 26379)
        #expect(SentinelAnswers(asked, []) == nil)
        for index in 0..<4 {
            var replies = Self.replies()
            replies[index] = .error("ERR No such master with that name")
            #expect(SentinelAnswers(asked, replies) == nil)
        }
    }
}
