import Foundation
import Testing
import Topology

/// Files and secrets as they lie on the disk.
struct FileTests {
    private func withFile(_ data: Data, _ body: (String) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "bw-file-\(UUID().uuidString)")
        try data.write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url.path)
    }

    @Test func aFileIsReadAndNamed() throws {
        try withFile(Data((localFile + "stroe: x\n").utf8)) { path in
            let reading = TopologyFile.load(path)
            #expect(reading.topology == nil)
            #expect(reading.diagnostics.map(\.file) == [path])
            #expect(reading.diagnostics.map(\.code) == ["topology.unknown_key"])
        }
    }

    @Test func whatCannotBeReadIsADiagnosticToo() throws {
        #expect(TopologyFile.load("/nonexistent/breakwater.yaml").diagnostics.map(\.code) == ["file.unreadable"])
        #expect(TopologyFile.load("/tmp").diagnostics.map(\.code) == ["file.unreadable"])
        try withFile(Data([0xFF, 0xFE, 0x00])) { path in
            #expect(TopologyFile.load(path).diagnostics.map(\.code) == ["file.not_utf8"])
        }
        try withFile(Data(repeating: 0x61, count: 300_000)) { path in
            #expect(TopologyFile.load(path).diagnostics.map(\.code) == ["file.too_large"])
        }
        // A file without an end.
        #expect(TopologyFile.load("/dev/zero").diagnostics.map(\.code) == ["file.too_large"])
    }

    @Test func secretsAreFetched() throws {
        let secret = try SecretReference.environment("P").fetch(environment: ["P": "s3cret"])
        #expect(secret.reveal() == "s3cret")
        for text in ["s3cret", "s3cret\n", "s3cret\r\n"] {
            try withFile(Data(text.utf8)) { path in
                let secret = try SecretReference.file(path).fetch()
                #expect(secret.reveal() == "s3cret")
            }
        }
    }

    @Test(arguments: ["", "\n", "a\nb\n", "a\u{0}b", String(repeating: "a", count: 5_000)])
    func whatIsNoSecret(_ text: String) throws {
        try withFile(Data(text.utf8)) { path in
            #expect(throws: SecretUnavailable.self) { try SecretReference.file(path).fetch() }
        }
    }

    @Test func aFailureNamesTheReferenceAndNotTheSecret() throws {
        try withFile(Data("hunter2\nhunter3".utf8)) { path in
            let error = #expect(throws: SecretUnavailable.self) { try SecretReference.file(path).fetch() }
            #expect(error?.description.contains("file:\(path)") == true)
            #expect(error?.description.contains("hunter") == false)
        }
        let error = #expect(throws: SecretUnavailable.self) {
            try SecretReference.environment("NOT_SET").fetch(environment: [:])
        }
        #expect(error?.description == "the secret env:NOT_SET is not available: the variable is not set")
    }
}
