import NIOCore
import RESP
import Testing

@testable import RedisProxy

@Suite struct WrittenKeysTests {
    @Test(arguments: [
        ("SET k v", WrittenKeys.named, ["k"]), ("SET k v NX EX 5", .named, ["k"]), ("SETEX k 5 v", .named, ["k"]),
        ("DEL a b", .named, ["a", "b"]), ("MSET a 1 b 2", .named, ["a", "b"]), ("INCR n", .named, ["n"]),
        ("HSET h f v", .named, ["h"]), ("EXPIRE k 5", .named, ["k"]), ("RENAME a b", .named, ["a", "b"]),
        ("BLPOP q r 0", .named, ["q", "r"]), ("SORT a STORE b", .named, ["a", "b"]),
        ("EVAL s 2 a b c", .named, ["a", "b"]), ("COPY a b", .named, ["a", "b"]),
        ("COPY a b REPLACE", .named, ["a", "b"]), ("GETEX k", .named, ["k"]),
        ("EVAL s 0 a", .unnamed, []), ("FLUSHDB", .unnamed, []), ("MODULE.WRITE x", .unnamed, []),
        ("FLUSHALL", .everywhere, []), ("SWAPDB 0 1", .everywhere, []), ("MOVE k 2", .everywhere, []),
        ("COPY a b DB 2", .everywhere, []),
        ("GET k", .none, []), ("MGET a b", .none, []), ("SCAN 0", .none, []), ("PUBLISH c m", .none, []),
        ("PING", .none, []), ("EXEC", .none, []), ("WATCH k", .none, []), ("FUNCTION FLUSH", .none, []),
        ("EVAL_RO s 1 k", .none, []), ("SET k", .none, []), ("DEL", .none, []),
    ])
    func writtenKeys(line: String, expected: WrittenKeys, keys: [String]) throws {
        let request = Request(line)
        try request.frame.withUnsafeBytes { bytes in
            var parser = RequestParser()
            guard case .command(let frame) = try parser.next(bytes) else {
                Issue.record("no whole command")
                return
            }
            var found: [String] = []
            let extent = WrittenKeys.of(CommandTable.shared.resolve(frame, in: bytes), frame, bytes) {
                found.append(String(decoding: $0, as: UTF8.self))
            }
            #expect(extent == expected && found == keys)
        }
    }
}

@Suite struct PurgePlanTests {
    private func lines(_ plan: PurgePlan) -> [String] {
        var (bytes, answers) = plan.commands()
        var lines: [String] = []
        var parser = RequestParser()
        while bytes.readableBytes > 0,
            case .command(let frame)? = try? bytes.withUnsafeReadableBytes({ try parser.next($0) }),
            let arguments = bytes.readSlice(length: frame.length)?.commandArguments()
        {
            lines.append(arguments.prefix(2).map { String(buffer: $0) }.joined(separator: " "))
        }
        #expect(lines.count == answers)
        return lines
    }

    @Test func databasesAreSelectedAndKeysGoInBatches() {
        var plan = PurgePlan(flushed: [9], keys: [3: Set((0..<1001).map { Array("\($0)".utf8) })])
        plan.keys[0] = [Array("a".utf8)]
        let lines = lines(plan)
        #expect(lines.prefix(5) == ["SELECT 9", "FLUSHDB ASYNC", "SELECT 0", "UNLINK a", "SELECT 3"])
        #expect(lines.count == 8 && lines.suffix(3).allSatisfy { $0.hasPrefix("UNLINK ") })
        #expect(plan.keyCount == 1002 && !plan.isEmpty)
    }

    @Test func nothingIsNoCommand() {
        #expect(PurgePlan().isEmpty && lines(PurgePlan()).isEmpty)
    }

    @Test func ofAnEmptiedDatabaseNoKeyIsDeleted() {
        var plan = PurgePlan(keys: [1: [[1]], 2: [[2]]])
        plan.add(PurgePlan(flushed: [1], keys: [2: [[3]]]))
        #expect(plan == PurgePlan(flushed: [1], keys: [2: [[2], [3]]]))
    }
}
