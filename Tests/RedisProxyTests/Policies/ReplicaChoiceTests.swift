import NIOCore
import RESP
import RedisClient
import Testing

@testable import RedisProxy

/// Which commands a replica may answer, and which replica, if any, does.
@Suite struct ReplicaChoiceTests {
    private static let master = RedisEndpoint(host: "10.0.0.1", port: 6379)
    private static let first = RedisEndpoint(host: "10.0.0.2", port: 6379)
    private static let second = RedisEndpoint(host: "10.0.0.3", port: 6379)
    private static let now = NIODeadline.uptimeNanoseconds(100_000_000_000)

    private static func survey(_ first: Int64?, _ second: Int64?, master: RedisEndpoint = master) -> ReplicaSurvey {
        func standing(_ endpoint: RedisEndpoint, _ age: Int64?) -> ReplicaStanding {
            age.map { ReplicaStanding(endpoint: endpoint, freshAsOf: now - .milliseconds($0)) }
                ?? ReplicaStanding(endpoint: endpoint, doubt: .linkDown)
        }
        return ReplicaSurvey(master: master, replicas: [standing(self.first, first), standing(self.second, second)])
    }

    private static func choose(
        _ survey: ReplicaSurvey?, client: Int = 0, wrote: Int64 = 60_000, master: RedisEndpoint? = master,
        isConfirmed: Bool = true
    ) -> ReplicaChoice.Verdict {
        ReplicaChoice(survey: survey).choose(
            .init(
                master: master, isMasterConfirmed: isConfirmed, lastWrite: now - .milliseconds(wrote),
                maxLag: .seconds(1), client: client, now: now))
    }

    @Test func clientsAreSpreadOverTheReplicasThatAreFresh() {
        let both = Self.survey(10, 999)
        #expect(
            (0..<4).map { Self.choose(both, client: $0) } == [
                .replica(Self.first), .replica(Self.second), .replica(Self.first), .replica(Self.second),
            ])
        for client in 0..<4 {
            #expect(Self.choose(Self.survey(1000, 20), client: client) == .replica(Self.second))
            #expect(Self.choose(Self.survey(20, nil), client: client) == .replica(Self.first))
        }
    }

    @Test func anyDoubtGoesToTheMaster() {
        let good = Self.survey(10, 10)
        #expect(Self.choose(nil) == .master(.noneFresh))
        #expect(Self.choose(Self.survey(1000, nil)) == .master(.noneFresh))
        #expect(Self.choose(Self.survey(10, 10, master: Self.first)) == .master(.noneFresh))
        #expect(Self.choose(good, master: nil) == .master(.masterInDoubt))
        #expect(Self.choose(good, isConfirmed: false) == .master(.masterInDoubt))
        #expect(Self.choose(ReplicaSurvey(master: Self.master, replicas: [])) == .master(.noneFresh))
    }

    /// A replica that is fresh as of a moment within the lag has every write that was answered before it.
    @Test(arguments: [(0, false), (999, false), (1099, false), (1100, true), (5000, true)] as [(Int64, Bool)])
    func aClientThatWroteReadsFromTheMaster(ago: Int64, mayRead: Bool) {
        let verdict = Self.choose(Self.survey(10, 10), wrote: ago)
        #expect(verdict == (mayRead ? .replica(Self.first) : .master(.wrote)))
    }

    private static func covers(_ settings: ReplicaReadSettings, _ command: [String]) throws -> Bool {
        var buffer = ByteBuffer()
        buffer.writeCommand(command.map(\.utf8))
        return try buffer.withUnsafeReadableBytes { bytes in
            var parser = RequestParser()
            guard case .command(let frame) = try parser.next(bytes) else { return false }
            return ReplicaReadRule(settings).covers(CommandTable.shared.resolve(frame, in: bytes), frame, bytes)
        }
    }

    @Test(arguments: [
        (["GET", "p:1"], true), (["get", "p:1"], true), (["GET", "q:1"], false), (["GET", "p"], false),
        (["MGET", "p:1", "p:2"], true), (["MGET", "p:1", "q:2"], false), (["GET"], false),
        (["HGETALL", "p:1"], true), (["SET", "p:1", "v"], false), (["GETEX", "p:1"], false),
        (["GETDEL", "p:1"], false),
        (["SSCAN", "p:1", "0"], false), (["SCAN", "0"], false), (["TOUCH", "p:1"], false), (["SORT", "p:1"], false),
        (["SORT_RO", "p:1", "GET", "q:*"], false), (["EVAL_RO", "return 1", "1", "p:1"], false), (["DBSIZE"], false),
        (["OBJECT", "FREQ", "p:1"], false), (["OBJECT", "ENCODING", "p:1"], true), (["PING"], false),
        (["SINTERCARD", "2", "p:1", "p:2"], true), (["SINTERCARD", "2", "p:1", "q:2"], false), (["LOLWUT"], false),
        (["BLPOP", "p:1", "0"], false), (["MODULE.READ", "p:1"], false),
        (["GEORADIUS", "p:1", "0", "0", "1", "m"], true),
        (["GEORADIUS", "p:1", "0", "0", "1", "m", "STORE", "p:2"], false), (["XREAD", "STREAMS", "p:1", "0"], true),
        (["XREAD", "BLOCK", "0", "STREAMS", "p:1", "0"], false), (["LLEN", "n:1"], false), (["STRLEN", "n:1"], true),
    ])
    func onlyReadsOfDeclaredKeysAreCovered(command: [String], isCovered: Bool) throws {
        var settings = ReplicaReadSettings()
        settings.prefixes = ["p:"]
        settings.commands = ["strlen"]
        #expect(try Self.covers(settings, command) == isCovered)
    }

    @Test func nothingDeclaredIsOff() throws {
        #expect(!ReplicaReadRule(ReplicaReadSettings()).isActive)
        #expect(try Self.covers(ReplicaReadSettings(), ["GET", "p:1"]) == false)
    }

    @Test(
        arguments: [
            ("GET", .covered), ("hgetall", .covered), ("OBJECT ENCODING", .covered), ("OBJECT", .notPureRead),
            ("SET", .notPureRead), ("SCAN", .notPureRead), ("EVAL_RO", .notPureRead), ("TOUCH", .notPureRead),
            ("GETT", .unknown), ("", .unknown), ("(unknown)", .unknown),
        ] as [(String, ReplicaReadRule.Standing)])
    func namesAreChecked(name: String, standing: ReplicaReadRule.Standing) {
        #expect(ReplicaReadRule.standing(of: name) == standing)
    }
}
