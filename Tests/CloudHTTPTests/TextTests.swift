import FoundationEssentials
import NIOCore
import NIOHTTP1
import Testing

@testable import CloudHTTP

struct TextTests {
    @Test(arguments: [
        (0, "19700101T000000Z"), (951_827_696, "20000229T123456Z"), (1_440_938_160, "20150830T123600Z"),
        (4_102_444_799, "20991231T235959Z"), (4_107_542_400, "21000301T000000Z"), (-5, "19700101T000000Z"),
    ])
    func dates(_ seconds: Double, text: String) {
        let time = UTCTime(Date(timeIntervalSince1970: seconds))
        #expect(time.basic == text)
        #expect(time.date.timeIntervalSince1970 == max(seconds, 0))
    }

    @Test(arguments: [
        ("Wed, 25 Nov 2026 14:51:39 GMT", 1_795_618_299.0), ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777.0),
        ("", nil), ("Wed, 25 Nov 2026 14:51:39 CET", nil), ("Wed, 25 Xyz 2026 14:51:39 GMT", nil),
        ("Wed, 99 Nov 2026 14:51:39 GMT", nil), ("Wed, 25 Nov 99999999999999999999 14:51:39 GMT", nil),
        ("Wed, 25 Nov 2026 14:51 GMT", nil),
    ])
    func httpDates(_ text: String, seconds: Double?) {
        #expect(UTCTime(httpDate: text)?.date.timeIntervalSince1970 == seconds)
    }

    @Test(arguments: [
        ("2026-11-25T14:51:39.000Z", 1_795_618_299.0), ("2026-11-25T14:51:39Z", 1_795_618_299.0), ("2026-11-25", nil),
        ("2026-11-25T14:51:39+01:00", nil), ("Z", nil), ("----TT::Z", nil),
    ])
    func documentDates(_ text: String, seconds: Double?) {
        #expect(UTCTime(iso8601: text)?.date.timeIntervalSince1970 == seconds)
    }

    @Test func percentEncoding() {
        #expect("a b+c/ü~".percentEncoded() == "a%20b%2Bc%2F%C3%BC~")
        #expect("a b/ü".percentEncoded(keepingSlashes: true) == "a%20b/%C3%BC")
        #expect("a%20b+c%2B%c3%bc".percentDecoded == "a b c+ü")
        #expect("%".percentDecoded == nil)
        #expect("%4".percentDecoded == nil)
        #expect("%zz".percentDecoded == nil)
        #expect("%ff".percentDecoded == nil)
    }

    @Test(arguments: [
        ("https://nyc3.digitaloceanspaces.com", "https://nyc3.digitaloceanspaces.com"),
        ("HTTPS://NYC3.digitaloceanspaces.com:443/", "https://nyc3.digitaloceanspaces.com"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"), ("http://[::1]:80", "http://[::1]"),
        ("http://[::1]:81", "http://[::1]:81"), ("ftp://host", nil), ("https://", nil), ("https://host/path", nil),
        ("https://user@host", nil), ("https://host:0", nil), ("https://host:65536", nil), ("https://host:x", nil),
        ("https://ho st", nil), ("https://host?x", nil), ("host", nil), ("https://[::1", nil), ("https://hö", nil),
    ])
    func endpoints(_ text: String, expected: String?) {
        #expect((try? CloudEndpoint(text))?.description == expected)
    }

    @Test(
        arguments: [
            (["Retry-After": "7"], Duration.seconds(7)),
            (["Retry-After": "Wed, 25 Nov 2026 14:52:00 GMT", "Date": "Wed, 25 Nov 2026 14:51:39 GMT"], .seconds(21)),
            (["Retry-After": "Wed, 25 Nov 2026 14:51:00 GMT", "Date": "Wed, 25 Nov 2026 14:51:39 GMT"], .zero),
            (["Retry-After": "soon"], nil), (["Retry-After": "-1"], nil), ([:], nil),
        ] as [([String: String], Duration?)])
    func retryAfter(_ headers: [String: String], expected: Duration?) {
        #expect(
            CloudResponse(status: 503, headers: HTTPHeaders(headers.map { ($0, $1) }), body: ByteBuffer()).retryAfter
                == expected)
    }
}
