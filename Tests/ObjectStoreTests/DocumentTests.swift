import FoundationEssentials
import LoopbackServers
import Testing

@testable import ObjectStore

struct DocumentTests {
    private static func read(_ text: String) throws -> XMLElement { try XMLReader.document(Array(text.utf8)) }

    @Test func elementsTextAndEntities() throws {
        let document = """
             \n<?xml version="1.0" encoding='UTF-8'?>
            <!-- a > comment -->
            <s3:List xmlns="http://s3.amazonaws.com/doc/2006-03-01/" a='"'>
              <Key>a&amp;b&lt;&gt;&quot;&apos;&#32;&#x1F30A;ü</Key><Empty/><Also></Also>
              <Text>one<!-- two -->three<![CDATA[<&>]]></Text >
            </s3:List>
            """
        let root = try Self.read(document)
        #expect(root.name == "List")
        #expect(root.text == "")
        #expect(root["Key"]?.text == "a&b<>\"' 🌊ü")
        #expect(root["Empty"] == XMLElement(name: "Empty"))
        #expect(root["Also"] == XMLElement(name: "Also"))
        #expect(root["Text"]?.text == "onethree<&>")
        #expect(root["Nothing"] == nil)
    }

    @Test(arguments: [
        "", " ", "text", "<a>", "<a></b>", "<a", "<a b></a>", "<a b=c></a>", "<a b=\"c></a>", "<a>&unknown;</a>",
        "<a>&amp</a>", "<a>&#xD800;</a>", "<a>&#99999999;</a>", "<a></a><b></b>", "<a></a>text", "<a><!-- </a>",
        "<!DOCTYPE a><a></a>", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<?xml <a></a>", "<a><![CDATA[x</a>",
        "< a></a>", "<a></a", "<html><body><br></body></html>", "{\"error\": 1}", "\u{0}",
    ])
    func notTheXMLOfS3(_ text: String) {
        #expect(throws: XMLFault.malformed) { try Self.read(text) }
    }

    @Test func bytesThatAreNoText() {
        #expect(throws: XMLFault.malformed) { try XMLReader.document(Array("<a>".utf8) + [0xFF] + Array("</a>".utf8)) }
    }

    @Test func whatIsLargerThanAnyDocument() {
        let deep = String(repeating: "<a>", count: 100_000)
        #expect(throws: XMLFault.tooLarge) { try Self.read(deep) }
        #expect(throws: XMLFault.tooLarge) { try Self.read("<a>\(String(repeating: "<b/>", count: 60_000))</a>") }
    }

    @Test func aPageOfObjects() throws {
        let list = S3ObjectList(
            try Self.read(
                """
                <ListBucketResult><IsTruncated>true</IsTruncated><EncodingType>url</EncodingType>
                <NextContinuationToken>to/ken==</NextContinuationToken>
                <Contents><Key>a%20b%2Bc+d</Key><LastModified>2026-11-25T14:51:39.123Z</LastModified><ETag>"x"</ETag>
                <Size>5368709120000</Size></Contents>
                <CommonPrefixes><Prefix>f%C3%BC/</Prefix></CommonPrefixes></ListBucketResult>
                """))
        #expect(
            list?.entries == [
                .init(
                    name: "a b+c d", size: 5_368_709_120_000, modified: Date(timeIntervalSince1970: 1_795_618_299),
                    etag: "\"x\"")
            ])
        #expect(list?.folders == ["fü/"])
        #expect(list?.continuation == "to/ken==")
    }

    @Test(arguments: [
        "<Other/>", "<ListBucketResult></ListBucketResult>",
        "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
        "<ListBucketResult><IsTruncated>false</IsTruncated><Contents/></ListBucketResult>",
        """
        <ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key><Size>-1</Size>
        <LastModified>2026-11-25T14:51:39Z</LastModified></Contents></ListBucketResult>
        """,
        """
        <ListBucketResult><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType><Contents><Key>%ff</Key>
        <Size>1</Size><LastModified>2026-11-25T14:51:39Z</LastModified></Contents></ListBucketResult>
        """,
    ])
    func noPages(_ text: String) throws {
        #expect(S3ObjectList(try Self.read(text)) == nil)
    }

    @Test func aPageOfUploads() throws {
        let list = S3UploadList(
            try Self.read(
                """
                <ListMultipartUploadsResult><IsTruncated>true</IsTruncated><NextKeyMarker>k</NextKeyMarker>
                <NextUploadIdMarker>i</NextUploadIdMarker>
                <Upload><Key>a</Key><UploadId>id</UploadId><Initiated>2026-11-25T14:51:39.000Z</Initiated></Upload>
                </ListMultipartUploadsResult>
                """))
        #expect(list?.entries == [.init(name: "a", id: "id", started: Date(timeIntervalSince1970: 1_795_618_299))])
        #expect(list?.next?.key == "k")
        #expect(list?.next?.id == "i")
    }

    @Test func whatWasNotDeleted() throws {
        let result = try Self.read(
            """
            <DeleteResult><Error><Key>a&amp;b</Key><Code>AccessDenied</Code></Error>
            <Error><Key>gone</Key><Code>NoSuchKey</Code></Error></DeleteResult>
            """)
        #expect(S3Deletion.failures(result) == ["a&b": "AccessDenied"])
        #expect(S3Deletion.failures(try Self.read("<Error/>")) == nil)
        #expect(S3Deletion.request(["a&b<c>"]).contains("<Object><Key>a&amp;b&lt;c&gt;</Key></Object>"))
    }

    @Test func aServersWordsAreCutAndCleaned() throws {
        let long = String(repeating: "x", count: 5000)
        let error = S3ErrorDocument(
            try Self.read("<Error><Code>Some\u{1B}[31mCode</Code><Message>a\n\u{7}\(long)</Message></Error>"))
        #expect(error?.code == "Some[31mCode")
        #expect(error?.message.count == 300)
    }

    /// Whatever bytes come, reading them ends, and with nothing worse than an error.
    @Test func mutations() {
        let seeds = [
            "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>a &amp; b</Message></Error>",
            "<ListBucketResult a=\"b\"><IsTruncated>false</IsTruncated><Contents><Key>a</Key></Contents></ListBucketResult>",
            "<a><!-- c --><![CDATA[d]]>&#x41;</a>",
        ].map { Array($0.utf8) }
        var random = SeededGenerator(seed: 1)
        for _ in 0..<20_000 {
            var bytes = seeds.randomElement(using: &random) ?? []
            for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: index)
                case 2: bytes.insert(contentsOf: bytes[index...].prefix(8), at: index)
                default: bytes.removeLast(bytes.count - index)
                }
            }
            guard let root = try? XMLReader.document(bytes) else { continue }
            _ = (S3ErrorDocument(root), S3ObjectList(root), S3UploadList(root), S3Deletion.failures(root))
        }
    }
}
