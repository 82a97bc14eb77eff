import Testing

@testable import Topology

struct ScalarTests {
    @Test(arguments: [
        ("800ms", 800), ("5s", 5_000), ("10m", 600_000), ("1h", 3_600_000), ("7d", 604_800_000), ("0s", 0),
    ])
    func durations(_ text: String, _ milliseconds: Int) throws {
        let duration = try #require(Duration(topologyText: text))
        #expect(duration == .milliseconds(milliseconds))
        #expect(duration.wholeMilliseconds == milliseconds)
        #expect(Duration(topologyText: duration.topologyText) == duration)
    }

    @Test(arguments: [
        "", "5", "s", "-5s", "+5s", "5 s", "5S", "1.5s", "5sec", "٥s", "9223372036854775807h", "99999999999999999999s",
        "40000d",
    ])
    func whatIsNoDuration(_ text: String) {
        #expect(Duration(topologyText: text) == nil)
    }

    @Test(arguments: [
        ("512MiB", 536_870_912), ("64KB", 64_000), ("64kb", 64_000), ("1GiB", 1_073_741_824), ("1048576", 1_048_576),
        ("2TB", 2_000_000_000_000), ("0", 0), ("7B", 7),
    ])
    func sizes(_ text: String, _ bytes: Int) throws {
        let size = try #require(ByteSize(text))
        #expect(size.bytes == bytes)
        #expect(ByteSize(size.description) == size)
    }

    @Test(arguments: ["", "MiB", "-1MiB", "1.5GiB", "5 MiB", "5Mib/s", "9223372036854775807KB", "1EB"])
    func whatIsNoSize(_ text: String) {
        #expect(ByteSize(text) == nil)
    }

    @Test func secretReferences() {
        #expect(SecretReference("file:/etc/p") == .file("/etc/p"))
        #expect(SecretReference("env:A_1") == .environment("A_1"))
        for text in ["", "file:", "file:/", "file:p", "env:", "env:1A", "env:A-B", "env:A B", "hunter2", "FILE:/p"] {
            #expect(SecretReference(text) == nil, "\(text)")
        }
    }

    @Test func secretsDoNotShow() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump([secret], to: &dumped)
        #expect(!"\(secret) \(String(reflecting: secret)) \(dumped)".contains("hunter2"))
        #expect(secret.reveal() == "hunter2")
    }

    @Test func listenAddresses() {
        #expect(ListenAddress("unix:/run/x.sock") == .unix("/run/x.sock"))
        #expect(ListenAddress("10.0.0.1:6379") == .tcp(host: "10.0.0.1", port: 6_379))
        #expect(ListenAddress("[fd00::1]:6379") == .tcp(host: "fd00::1", port: 6_379))
        #expect(ListenAddress("redis.example:1") == .tcp(host: "redis.example", port: 1))
        #expect(ListenAddress(":6379") == .loopback(port: 6_379))
        for text in [
            "", ":", ":0", ":65536", ":-1", "unix:", "unix:x", "unix:/", "6379", "10.0.0.1", "10.0.0.1:",
            "10.0.0.256:1",
            "fd00::1:6379", "[10.0.0.1]:1", "a b:1", "-a:1", ":６379", "[fd00::1]6379",
        ] {
            #expect(ListenAddress(text) == nil, "\(text)")
        }
        for address in ["unix:/run/x.sock", "10.0.0.1:6379", "[fd00::1]:6379", ":6379"] {
            #expect(ListenAddress(address)?.description == address)
        }
    }

    @Test(arguments: [
        ("10.0.0.1", true, false), ("172.16.0.1", true, false), ("172.32.0.1", false, false),
        ("192.168.1.1", true, false), ("127.3.4.5", true, true), ("100.64.0.1", true, false),
        ("100.128.0.1", false, false), ("169.254.0.1", true, false), ("8.8.8.8", false, false), ("::1", true, true),
        ("fd12::1", true, false), ("fe80::1", true, false), ("2001:db8::1", false, false),
    ])
    func addresses(_ text: String, _ isPrivate: Bool, _ isLoopback: Bool) throws {
        let address = try #require(IPAddress(text))
        #expect(address.isPrivate == isPrivate)
        #expect(address.isLoopback == isLoopback)
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.-4", ":", ":::", "1::2::3", "g::", "1:2:3",
        "1:2:3:4:5:6:7:8:9", "12345::", "fe80::1%eth0", "1:2:3:4:5:6:7::8",
    ])
    func whatIsNoAddress(_ text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test func unspecifiedAddresses() {
        #expect(IPAddress("0.0.0.0")?.isUnspecified == true)
        #expect(IPAddress("::")?.isUnspecified == true)
        #expect(IPAddress("10.0.0.1")?.isUnspecified == false)
    }

    @Test func editDistances() {
        #expect(editDistance("", "abc") == 3)
        #expect(editDistance("store", "stroe") == 1)
        #expect(editDistance("kitten", "sitting") == 3)
        #expect(nearest(to: "b", among: ["a", "abc"]) == "a")
        #expect(nearest(to: "quorum", among: ["role", "tls"]) == nil)
        #expect(nearest(to: String(repeating: "a", count: 100_000), among: ["a"]) == nil)
    }
}
