import Testing

@testable import RedisClient

@Suite struct RedisEndpointTests {
    @Test(arguments: [
        ("127.0.0.1:6379", "127.0.0.1", 6379),
        ("redis-1.internal:26379", "redis-1.internal", 26379),
        ("[::1]:6380", "::1", 6380),
    ])
    func readsAndPrintsBack(text: String, host: String, port: Int) throws {
        let endpoint = try #require(RedisEndpoint(parsing: text))
        #expect(endpoint == RedisEndpoint(host: host, port: port))
        #expect(endpoint.description == text)
    }

    @Test(arguments: [
        "", ":6379", "host", "host:", "host:0", "host:65536", "host:+1", "host:٣", "host:6379x", "::1:6379", "[::1]",
        "[::1]6379", "[host]:6379", "a b:6379", "a\n:6379", "[]:1", "[::1:6379",
    ])
    func refuses(text: String) {
        #expect(RedisEndpoint(parsing: text) == nil)
    }

    @Test func takesADefaultPort() {
        #expect(RedisEndpoint(parsing: "host", defaultPort: 26379) == RedisEndpoint(host: "host", port: 26379))
        #expect(RedisEndpoint(parsing: "[::1]", defaultPort: 1) == RedisEndpoint(host: "::1", port: 1))
        #expect(RedisEndpoint(parsing: "host:x", defaultPort: 1) == nil)
    }

    @Test func anAddressIsTCPOrAUnixSocket() {
        #expect(RedisAddress(parsing: "unix:/run/redis.sock") == .unix(path: "/run/redis.sock"))
        #expect(RedisAddress(parsing: "h:1") == .tcp(RedisEndpoint(host: "h", port: 1)))
        #expect(RedisAddress(parsing: "unix:") == nil)
        #expect(RedisAddress(parsing: "unix:/" + String(repeating: "a", count: 107)) == nil)
    }

    @Test func aSecretIsNeverPrinted() {
        let credentials = RedisCredentials(username: "app", password: Secret("hunter2"))
        var dumped = ""
        dump(credentials, to: &dumped)
        for text in ["\(credentials)", String(reflecting: credentials), dumped, "\(credentials.password)"] {
            #expect(!text.contains("hunter2"))
        }
        #expect(credentials.password.exposed == "hunter2")
    }
}
