import Testing

@testable import RedisProxy

@Suite struct KeyPositionsTests {
    @Test(arguments: [
        ("GET k", ["k"]),
        ("PING", []),
        ("DEL a b c", ["a", "b", "c"]),
        ("MSET a 1 b 2", ["a", "b"]),
        ("BLPOP a b 0", ["a", "b"]),
        ("BITOP AND d a b", ["d", "a", "b"]),
        ("OBJECT ENCODING k", ["k"]),
        ("XGROUP CREATE s g 0", ["s"]),
        ("EVAL script 2 a b x", ["a", "b"]),
        ("EVAL script 0 x", []),
        ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", ["d", "a", "b"]),
        ("ZUNION 2 a b WITHSCORES", ["a", "b"]),
        ("BLMPOP 0 2 a b LEFT", ["a", "b"]),
        ("LMPOP 1 a LEFT", ["a"]),
        ("MSETEX 2 a 1 b 2 EX 5", ["a", "b"]),
        ("XREAD COUNT 2 STREAMS a b 0 0", ["a", "b"]),
        ("XREADGROUP GROUP g c STREAMS a >", ["a"]),
        ("MIGRATE h 6379 k 0 100", ["k"]),
        ("MIGRATE h 6379 '' 0 100 KEYS a b", ["a", "b"]),
        ("SORT k BY w STORE d", ["k", "d"]),
        ("SORT k", ["k"]),
        ("GEORADIUS k 1 1 1 m STORE a STOREDIST b", ["k", "a", "b"]),
        ("COPY a b", ["a", "b"]),
        ("MEMORY USAGE k", ["k"]),
    ])
    func keysAreFound(line: String, keys: [String]) {
        #expect(Request(line).keys == keys)
    }

    /// Counts and lengths are the client's; the server refuses these, and nothing may go wrong before it does.
    @Test(arguments: [
        ("GET", []),
        ("EVAL", []),
        ("EVAL s", []),
        ("EVAL s 5 a", ["a"]),
        ("EVAL s -1 a", []),
        ("EVAL s 999999999999999999999 a", []),
        ("EVAL s 999999999999999999 a b", ["a", "b"]),
        ("MSETEX 999999999999999999 a 1 b 2", ["a", "b"]),
        ("ZUNIONSTORE", []),
        ("ZUNIONSTORE d", ["d"]),
        ("XREAD STREAMS", []),
        ("XREAD COUNT 1", []),
        ("XREAD STREAMS a b 0", ["a"]),
        ("MIGRATE h 6379 ''", []),
        ("MIGRATE h 6379", []),
        ("SORT k STORE", ["k"]),
        ("SORT", []),
        ("BLPOP a", []),
        ("MSET a", ["a"]),
        ("OBJECT ENCODING", []),
    ])
    func malformedRequestsYieldWhatIsThere(line: String, keys: [String]) {
        #expect(Request(line).keys == keys)
    }

    @Test func theFirstKeyAloneIsFoundToo() {
        let table = CommandTable.shared
        for (line, first) in [("GET k", 1), ("EVAL s 1 k", 3), ("XREAD STREAMS a 0", 2), ("OBJECT FREQ k", 2)] {
            let request = Request(line)
            #expect(table.resolve(request).keys.firstKey(in: request) == first)
        }
        for line in ["PING", "GET", "EVAL s 0"] {
            let request = Request(line)
            #expect(table.resolve(request).keys.firstKey(in: request) == nil)
        }
    }

    @Test func aRuleForAllKeysNeedsAtLeastOne() {
        func allShort(_ line: String) -> Bool {
            let request = Request(line)
            return CommandTable.shared.resolve(request).keys.allSatisfy(in: request) { $0.count == 1 }
        }
        #expect(allShort("DEL a b"))
        #expect(!allShort("DEL a long"))
        #expect(!allShort("PING"))
    }
}
