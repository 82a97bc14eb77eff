import NIOCore
import RESP
import Testing

@testable import RedisProxy

@Suite struct DurabilityRuleTests {
    private static func rule(_ replicas: Int = 1) -> DurabilityRule {
        var configuration = ProxyConfiguration(listeners: [], sentinels: [], service: "s")
        configuration.durablePrefixes = ["d:"]
        configuration.durableReplicas = replicas
        return DurabilityRule(configuration)
    }

    @Test(arguments: [
        ("SET d:k v", true), ("SET d:k v NX", true), ("DEL a d:b", true), ("MSET a 1 d:b 2", true), ("INCR d:n", true),
        ("EVAL s 2 a d:b", true), ("EVAL s 0 d:a", false), ("BLPOP d:q 0", true), ("RENAME a d:b", true),
        ("SORT a STORE d:b", true), ("FLUSHALL", true), ("MODULE.WRITE x", true),
        ("SET k d:v", false), ("GET d:k", false), ("SORT d:a", false), ("SCAN 0", false), ("PUBLISH d:c m", false),
        ("EXEC", false), ("FUNCTION FLUSH", false), ("SET d v", false),
    ])
    func coveredWrites(line: String, isCovered: Bool) {
        let request = Request(line)
        let spec = CommandTable.shared.resolve(request)
        #expect(Self.rule().covers(spec, ByteBuffer(bytes: request.frame)) == isCovered)
        let none = DurabilityRule(ProxyConfiguration(listeners: [], sentinels: [], service: "s"))
        #expect(!none.covers(spec, ByteBuffer(bytes: request.frame)))
    }

    /// A value that is still arriving: the one key is there, and of several keys the worst is assumed.
    @Test(arguments: [("SET d:k ", true), ("SET k ", false), ("MSET a ", true)])
    func aLongCommandIsJudgedByItsBeginning(line: String, isCovered: Bool) throws {
        let words = line.split(separator: " ")
        let head = "*3\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined() + "$400000\r\n"
        var parser = RequestParser(limits: RESPLimits(), streamingThreshold: 1000)
        let bytes = Array(head.utf8) + Array(repeating: UInt8(ascii: "x"), count: 2000)
        try bytes.withUnsafeBytes { bytes in
            guard case .large(let frame) = try parser.next(bytes) else {
                Issue.record("it is not taken for a long command")
                return
            }
            let spec = CommandTable.shared.resolve(frame, in: bytes)
            #expect(Self.rule().covers(spec, frame, bytes) == isCovered)
        }
    }

    @Test func verdicts() {
        let rule = Self.rule(2)
        #expect(rule.judge(acknowledged: 2, isStillMaster: true) == .acknowledge)
        #expect(rule.judge(acknowledged: 3, isStillMaster: true) == .acknowledge)
        #expect(rule.judge(acknowledged: nil, isStillMaster: true) == .unknown)
        #expect(rule.judge(acknowledged: 2, isStillMaster: false) == .unknown)
        guard case .tooFew(let message) = rule.judge(acknowledged: 1, isStillMaster: true) else {
            Issue.record("one of two is enough")
            return
        }
        // phpredis hides what begins with ERR, and NOREPLICAS would say that nothing was written.
        #expect(message.hasPrefix("NOTDURABLE "))
    }

    @Test(arguments: [
        ("+OK\r\n", true), (":0\r\n", true), ("$-1\r\n", true), ("*1\r\n+OK\r\n", true),
        ("-ERR no\r\n", false), ("*-1\r\n", false), ("_\r\n", false),
    ])
    func answersThatNeedReplicas(reply: String, isNeeded: Bool) {
        #expect(DurabilityRule.needsReplicas(ByteBuffer(string: reply)) == isNeeded)
    }
}
