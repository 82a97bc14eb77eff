import NIOCore
import RESP
import RedisClient
import Testing

@testable import LocalStack

/// What servers say, and what is made of it.
@Suite struct ReadingTests {
    private func text(_ string: String) -> RESPValue { .bulkString(ByteBuffer(string: string)) }
    private func list(_ strings: String...) -> RESPValue { .array(strings.map(text)) }

    @Test func readsAMaster() {
        let info = """
            # Replication\r
            role:master\r
            connected_slaves:3\r
            slave0:ip=127.1.1.2,port=6379,state=online,offset=42,lag=0\r
            slave1:ip=127.1.1.3,port=6379,state=wait_bgsave,offset=0,lag=0\r
            slave2:ip=127.1.1.4,port=6379,state=online,offset=42,lag=1\r
            slave_expires_tracked_keys:0\r
            master_repl_offset:42\r

            """
        let reading = NodeReading(role: list("master", "42"), info: text(info))
        #expect(reading?.role == .master)
        #expect(reading?.replicas == 2)
        #expect(reading?.offset == 42)
    }

    @Test(arguments: [("up", true), ("down", false)])
    func readsAReplica(link: String, isLinked: Bool) {
        let info = "master_host:127.1.1.1\r\nmaster_port:6379\r\nmaster_link_status:\(link)\r\nslave_repl_offset:40\r\n"
        let reading = NodeReading(role: list("slave", "127.1.1.1", "6379"), info: text(info))
        #expect(reading?.role == .replica)
        #expect(reading?.isLinked == isLinked)
        #expect(reading?.master == RedisEndpoint(host: "127.1.1.1", port: 6379))
        #expect(reading?.offset == 40)
    }

    @Test func readsNothingIntoNonsense() {
        #expect(NodeReading(role: .null, info: text("")) == nil)
        #expect(NodeReading(role: list("sentinel"), info: text("")) == nil)
        #expect(NodeReading(role: list("master"), info: .integer(1)) == nil)
        #expect(SentinelReading(address: .null, details: .error("ERR No such master"), quorum: .null) == nil)
    }

    @Test func readsASentinel() {
        let details = list(
            "flags", "master,s_down", "num-slaves", "2", "num-other-sentinels", "2", "config-epoch", "3")
        let well = SentinelReading(
            address: list("127.1.1.2", "6379"), details: details, quorum: text("OK 3 usable Sentinels."))
        #expect(well?.master == RedisEndpoint(host: "127.1.1.2", port: 6379))
        #expect(well?.epoch == 3)
        #expect(well?.otherSentinels == 2)
        #expect(well?.replicas == 2)
        #expect(well?.hasQuorum == true)
        #expect(well?.flags == ["master", "s_down"])
        let ill = SentinelReading(address: .null, details: details, quorum: .error("NOQUORUM 1 usable Sentinels."))
        #expect(ill?.hasQuorum == false)
        #expect(ill?.master == nil)
    }
}
