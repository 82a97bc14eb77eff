import NIOCore
import Testing

@testable import RedisClient

/// What offsets say about how fresh a replica is.
@Suite struct ReplicaFreshnessTests {
    private static func at(_ milliseconds: Int64) -> NIODeadline {
        .uptimeNanoseconds(1_000_000_000) + .milliseconds(milliseconds)
    }

    private static func offsets(_ marks: [(Int64, Int64)], history: String = "a") -> MasterOffsets {
        var offsets = MasterOffsets()
        for (asked, offset) in marks { offsets.note(offset, history: history, asked: at(asked)) }
        return offsets
    }

    @Test(
        arguments: [
            (99, nil), (100, 0), (149, 0), (150, 200), (151, 200), (500, 400), (501, 400),
        ] as [(Int64, Int64?)])
    func theLastQuestionWhoseOffsetWasReachedCounts(offset: Int64, asked: Int64?) {
        let offsets = Self.offsets([(0, 100), (200, 150), (400, 500)])
        #expect(offsets.freshness(at: offset, history: "a") == asked.map { Self.at($0) })
    }

    @Test func aMasterWithoutWritesMakesNoReplicaOld() {
        #expect(Self.offsets([(0, 7), (200, 7), (400, 7)]).freshness(at: 7, history: "a") == Self.at(400))
    }

    @Test func anotherHistoryOrAnOffsetThatFellVoidsWhatWasKnown() {
        var offsets = Self.offsets([(0, 100), (200, 150)])
        #expect(offsets.freshness(at: 150, history: "b") == nil)
        offsets.note(10, history: "a", asked: Self.at(400))
        #expect(offsets.freshness(at: 9, history: "a") == nil)
        #expect(offsets.freshness(at: 120, history: "a") == Self.at(400))
        offsets.note(20, history: "b", asked: Self.at(600))
        #expect(offsets.freshness(at: 1000, history: "a") == nil)
        #expect(offsets.freshness(at: 20, history: "b") == Self.at(600))
    }

    @Test func nothingIsKnownOfAMasterThatWasNotAsked() {
        #expect(MasterOffsets().freshness(at: 1, history: "") == nil)
    }

    @Test func onlySoManyQuestionsAreRemembered() {
        let offsets = Self.offsets((0..<1000).map { ($0, $0 * 10) })
        #expect(offsets.freshness(at: 9_000, history: "a") == nil)
        #expect(offsets.freshness(at: 9_985, history: "a") == Self.at(998))
    }

    private static let good = """
        role:slave\r\nmaster_host:10.0.0.1\r\nmaster_port:6379\r\nmaster_link_status:up\r\nslave_repl_offset:150\r
        master_replid:a\r\n
        """

    @Test(
        arguments: [
            (good, nil),
            (good.replacing("role:slave", with: "role:master"), .notReplica),
            (good.replacing("master_port:6379", with: "master_port:6380"), .otherMaster),
            (good.replacing("10.0.0.1", with: "no name"), .otherMaster),
            (good.replacing("link_status:up", with: "link_status:down"), .linkDown),
            (good.replacing("offset:150", with: "offset:99"), .behind),
            (good.replacing("offset:150", with: "offset:x"), .behind),
            (good.replacing("replid:a", with: "replid:b"), .behind),
            ("", .refused), ("-NOPERM", .refused), (nil, .unreachable),
        ] as [(String?, ReplicaStanding.Doubt?)])
    func aReplicasWordIsJudged(information: String?, doubt: ReplicaStanding.Doubt?) {
        let standing = ReplicaStanding(
            endpoint: RedisEndpoint(host: "10.0.0.2", port: 6379), information: information,
            master: RedisEndpoint(host: "10.0.0.1", port: 6379), offsets: Self.offsets([(0, 100), (200, 150)]))
        #expect(standing.doubt == doubt)
        #expect(standing.freshAsOf == (doubt == nil ? Self.at(200) : nil))
    }
}
