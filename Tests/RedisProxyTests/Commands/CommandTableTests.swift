import RESP
import Testing

@testable import RedisProxy

@Suite struct CommandTableTests {
    let table = CommandTable.shared

    @Test func everyCommandIsFoundUnderItsName() throws {
        #expect(CommandCatalogue.all.count > 380)
        for descriptor in CommandCatalogue.all {
            let found = table.resolve(Request(descriptor.name))
            #expect(table.name(of: found) == descriptor.name)
            let lower = table.resolve(Request(descriptor.name.lowercased()))
            #expect(lower.index == found.index, "\(descriptor.name) in lower case")
        }
    }

    @Test func namesAreUnique() {
        #expect(Set(CommandCatalogue.all.map(\.name)).count == CommandCatalogue.all.count)
    }

    @Test func containersStandBeforeTheirSubcommands() {
        var containers: Set<Substring> = []
        for descriptor in CommandCatalogue.all {
            if let container = descriptor.container {
                #expect(containers.contains(container), "\(descriptor.name)")
            }
            if descriptor.flags.contains(.container) { containers.insert(descriptor.name[...]) }
        }
    }

    @Test(arguments: [
        "", "ge", "gett", "set\u{0}", "s\u{e9}t", "{et", "@et", "georadiusbymember_rox", "setname", "eval\u{7f}ro",
        "aVeryLongNameThatNoCommandEverHad", "help", "get get",
    ])
    func unknownNamesAreExclusiveChanges(name: String) {
        let spec = Array(name.utf8).withUnsafeBytes { table.lookup($0) } ?? table.unknown
        #expect(spec.isUnknown)
        #expect(spec.handling == .exclusive)
        #expect(spec.inFlight == .never)
    }

    @Test func unknownSubcommandsStayWithTheirContainer() {
        let spec = table.resolve(Request("CLIENT FROBNICATE"))
        #expect(table.name(of: spec) == "CLIENT")
        #expect(spec.handling == .exclusive)
        #expect(spec.inFlight == .never)
        #expect(table.resolve(Request("COMMAND")).handling == .shared)
    }

    @Test func aSubcommandIsFoundOnlyInItsContainer() {
        #expect(table.name(of: table.resolve(Request("SCRIPT SETNAME x"))) == "SCRIPT")
        #expect(table.resolve(Request("SETNAME x")).isUnknown)
    }

    @Test(arguments: [
        ("SET k v", InFlightRule.resendIfIdempotent),
        ("SET k v EX 10", .resendIfIdempotent),
        ("set k v pxat 1700000000000", .resendIfIdempotent),
        ("SET k v NX", .never),
        ("SET k v EX 10 NX", .never),
        ("SET k v GET", .never),
        ("SET k v KEEPTTL", .never),
        ("SET k v IFEQ old", .never),
        ("SET k", .never),
        ("SETEX k 10 v", .resendIfIdempotent),
        ("DEL a b", .resendIfIdempotent),
        ("GET k", .resend),
        ("GETDEL k", .never),
        ("GETSET k v", .never),
        ("INCR k", .never),
        ("SETNX k v", .never),
        ("EVAL s 0", .never),
        ("EVAL_RO s 0", .resend),
        ("SCAN 0", .never),
        ("PUBLISH c m", .never),
        ("SORT k", .resend),
        ("SORT k STORE d", .never),
        ("GEORADIUS k 1 1 1 m", .resend),
        ("GEORADIUS k 1 1 1 m STOREDIST d", .never),
        ("XREAD STREAMS s 0", .resend),
        ("XREADGROUP GROUP g c STREAMS s >", .never),
        ("SCRIPT LOAD s", .resend),
        ("SPOP k", .never),
        ("EXEC", .never),
    ])
    func whatMayBeSentAgain(line: String, rule: InFlightRule) {
        #expect(table.resolve(Request(line)).inFlight == rule)
    }

    @Test(arguments: [
        ("BLPOP k 1", CommandHandling.blocking),
        ("XREAD STREAMS s 0", .shared),
        ("XREAD BLOCK 0 STREAMS s 0", .blocking),
        ("xread count 5 block 0 streams s 0", .blocking),
        ("XREADGROUP GROUP BLOCK c STREAMS s >", .shared),
        ("XREADGROUP GROUP g BLOCK STREAMS s >", .shared),
        ("XREADGROUP GROUP g c BLOCK 10 STREAMS s >", .blocking),
        ("XREAD STREAMS BLOCK 0", .shared),
        ("CLIENT SETNAME x", .clientSetName),
        ("CLIENT TRACKING ON", .clientTracking),
        ("CLIENT REPLY OFF", .clientReply),
        ("CLIENT NO-EVICT ON", .pin),
        ("SCRIPT DEBUG YES", .scriptDebug),
        ("SCRIPT KILL", .exclusive),
        ("MULTI", .multi),
        ("WATCH k", .watch),
        ("WAIT 1 0", .wait),
        ("WAITAOF 1 0 0", .wait),
        ("HELLO 3", .hello),
        ("PSYNC ? -1", .refused),
        ("OBJECT ENCODING k", .shared),
    ])
    func whichWayACommandTakes(line: String, handling: CommandHandling) {
        #expect(table.resolve(Request(line)).handling == handling)
    }

    /// The same answers from the bytes of a frame, as the data path asks.
    @Test func framesResolveAsTheirArgumentsDo() throws {
        let lines =
            CommandCatalogue.all.map(\.name) + [
                "SET k v", "SET k v NX", "SET k v EX 1", "XREAD BLOCK 0 STREAMS s 0", "SORT k STORE d", "CLIENT",
                "nope x",
            ]
        for line in lines {
            let request = Request(line)
            var parser = RequestParser()
            let spec = try request.frame.withUnsafeBytes { bytes -> CommandSpec? in
                guard case .command(let frame) = try parser.next(bytes) else { return nil }
                return table.resolve(frame, in: bytes)
            }
            #expect(spec == table.resolve(request), "\(line)")
        }
    }

    /// A SET whose value is still arriving may yet carry NX.
    @Test func whatHasNotArrivedIsTakenForTheStricterCase() throws {
        var parser = RequestParser(streamingThreshold: 64)
        func resolve(_ text: String) throws -> CommandSpec? {
            try Array(text.utf8).withUnsafeBytes { bytes in
                guard case .large(let frame) = try parser.next(bytes) else { return nil }
                return table.resolve(frame, in: bytes)
            }
        }
        #expect(try resolve("*4\r\n$3\r\nSET\r\n$1\r\nk\r\n$900\r\nvvv")?.inFlight == .never)
        parser = RequestParser(streamingThreshold: 64)
        #expect(try resolve("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$900\r\nvvv")?.inFlight == .resendIfIdempotent)
    }

    @Test func arityIsCheckedAsTheServerDoes() {
        let get = table.resolve(Request("GET"))
        #expect(get.accepts(argumentCount: 2))
        #expect(!get.accepts(argumentCount: 3))
        let delete = table.resolve(Request("DEL"))
        #expect(!delete.accepts(argumentCount: 1))
        #expect(delete.accepts(argumentCount: 9))
    }

    @Test func everyRefusalHasAReason() {
        for descriptor in CommandCatalogue.all where descriptor.handling == .refused {
            #expect(descriptor.note?.isEmpty == false, "\(descriptor.name)")
        }
    }

    @Test func theHotPathsValueStaysSmall() {
        #expect(MemoryLayout<CommandSpec>.size <= 16)
    }
}
