import FoundationEssentials
import NIOCore
import NIOHTTP1
import Testing
import Topology

@testable import CloudHTTP

/// Cases of AWS's published SigV4 test suite: the request, the hash of the canonical request within the string to sign,
/// and the signature. All are for the same keys, day, region and service.
struct SigV4Case: CustomTestStringConvertible, Sendable {
    var name: String
    var method = HTTPMethod.GET
    var path = "/"
    var query: [(name: String, value: String)] = []
    var headers: [(String, String)] = []
    var body = ""
    var token: Secret?
    var sendsPayloadHash = false
    let canonicalHash: String
    let signature: String

    var testDescription: String { name }

    static let unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

    static let table: [SigV4Case] = [
        SigV4Case(
            name: "get-vanilla",
            canonicalHash: "bb579772317eb040ac9ed261061d46c1f17a8133879d6129b6e1c25292927e63",
            signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        SigV4Case(
            name: "get-vanilla-query-order-key-case", query: [("Param2", "value2"), ("Param1", "value1")],
            canonicalHash: "816cd5b414d056048ba4f7c5386d6e0533120fb1fcfa93762cf0fc39e2cf19e0",
            signature: "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"),
        SigV4Case(
            name: "get-vanilla-query-order-encoded",
            query: [("Param-3", "Value3"), ("Param", "Value2"), ("ሴ", "Value1")],
            canonicalHash: "868294f5c38bd141c4972a373a76654f1418a8e4fc18b2e7903ae45e8ae0ec71",
            signature: "371d3713e185cc334048618a97f809c9ffe339c62934c032af5a0e595648fcac"),
        SigV4Case(
            name: "get-vanilla-utf8-query", query: [("ሴ", "bar")],
            canonicalHash: "eb30c5bed55734080471a834cc727ae56beb50e5f39d1bff6d0d38cb192a7073",
            signature: "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"),
        SigV4Case(
            name: "get-vanilla-query-unreserved", query: [(unreserved, unreserved)],
            canonicalHash: "c30d4703d9f799439be92736156d47ccfb2d879ddf56f5befa6d1d6aab979177",
            signature: "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"),
        SigV4Case(
            name: "get-unreserved", path: "/" + unreserved,
            canonicalHash: "6a968768eefaa713e2a6b16b589a8ea192661f098f37349f4e2c0082757446f9",
            signature: "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        SigV4Case(
            name: "get-utf8", path: "/ሴ",
            canonicalHash: "2a0a97d02205e45ce2e994789806b19270cfbbb0921b278ccf58f5249ac42102",
            signature: "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        SigV4Case(
            name: "get-space-unnormalized", path: "/example space/",
            canonicalHash: "63ee75631ed7234ae61b5f736dfc7754cdccfedbff4b5128a915706ee9390d86",
            signature: "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741"),
        SigV4Case(
            name: "get-slashes-unnormalized", path: "//example//",
            canonicalHash: "528ec3105ee1f34ab014bb0a1a45da0ed2742a4fea3555149e5b4d5d201eb240",
            signature: "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5"),
        SigV4Case(
            name: "get-relative-unnormalized", path: "/example/..",
            canonicalHash: "0511f456aa502b456d135fcb9d749374a55228f9dbeedda1eacf659e05b0615b",
            signature: "eca7ead57bb5aa5c8e28007acd4ff04e1ff9a0ff3b237ec1554a184887ff9282"),
        SigV4Case(
            name: "get-header-value-trim", headers: [("My-Header1", " value1"), ("My-Header2", " \"a   b   c\"")],
            canonicalHash: "a726db9b0df21c14f559d0a978e563112acb1b9e05476f0a6a1c7d68f28605c7",
            signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
        SigV4Case(
            name: "get-header-key-duplicate",
            headers: [("My-Header1", "value2"), ("My-Header1", "value2"), ("My-Header1", "value1")],
            canonicalHash: "dc7f04a3abfde8d472b0ab1a418b741b7c67174dad1551b4117b15527fbe966c",
            signature: "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"),
        SigV4Case(
            name: "get-header-value-multiline", headers: [("My-Header1", "value1\n  value2\n     value3")],
            canonicalHash: "e99419459a677bc11de234014be3c4e72c1ea5b454ceb58b613061f5d7a162e8",
            signature: "cfd34249e4b1c8d6b91ef74165d41a32e5fab3306300901bb65a51a73575eefd"),
        SigV4Case(
            name: "get-vanilla-with-session-token",
            token: Secret("6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267"),
            canonicalHash: "067b36aa60031588cea4a4cde1f21215227a047690c72247f1d70b32fbbfad2b",
            signature: "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8"),
        SigV4Case(
            name: "post-header-value-case", method: .POST, headers: [("My-Header1", "VALUE1")],
            canonicalHash: "d51ced243e649e3de6ef63afbbdcbca03131a21a7103a1583706a64618606a93",
            signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d"),
        SigV4Case(
            name: "post-x-www-form-urlencoded", method: .POST,
            headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", "13")],
            body: "Param1=value1", sendsPayloadHash: true,
            canonicalHash: "b1edd1d03544c25390e32085d55b57acc9a3961bb59415ff86c45c3d89d16cfb",
            signature: "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b"),
    ]
}

struct SigV4Tests {
    static let date = Date(timeIntervalSince1970: 1_440_938_160)

    @Test(arguments: SigV4Case.table)
    func publishedCase(_ example: SigV4Case) throws {
        let signer = SigV4Signer(
            credentials: CloudCredentials(
                accessKeyID: "AKIDEXAMPLE",
                secretAccessKey: Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), sessionToken: example.token),
            region: "us-east-1", service: "service", sendsPayloadHash: example.sendsPayloadHash)
        var request = CloudRequest(
            example.method, try CloudEndpoint("https://example.amazonaws.com"), path: example.path,
            query: example.query, headers: HTTPHeaders(example.headers),
            body: example.body.isEmpty ? nil : ByteBuffer(string: example.body), isIdempotent: true)
        let hash = payloadHash(of: request.body)
        signer.sign(&request, payloadHash: hash, at: Self.date)

        let time = UTCTime(Self.date)
        let canonical = SigV4Signer.canonicalRequest(request, payloadHash: hash)
        let text = signer.stringToSign(canonical.text, at: time)
        #expect(
            text == "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"
                + example.canonicalHash)
        #expect(signer.signature(of: text, at: time) == example.signature)
        #expect(
            request.headers.first(name: "authorization")
                == "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
                + "SignedHeaders=\(canonical.signedHeaders), Signature=\(example.signature)")
    }

    @Test func canonicalRequestIsThePublishedText() throws {
        var request = CloudRequest(
            .GET, try CloudEndpoint("https://example.amazonaws.com"), path: "/",
            query: [("Param2", "value2"), ("Param1", "value1")], isIdempotent: true)
        request.headers = ["Host": "example.amazonaws.com", "X-Amz-Date": "20150830T123600Z", "User-Agent": "none"]
        let empty = payloadHash(of: nil)
        #expect(empty == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            SigV4Signer.canonicalRequest(request, payloadHash: empty).text == """
                GET
                /
                Param1=value1&Param2=value2
                host:example.amazonaws.com
                x-amz-date:20150830T123600Z

                host;x-amz-date
                \(empty)
                """)
    }
}
