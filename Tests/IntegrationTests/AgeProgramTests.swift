import Age
import Foundation
import LoopbackServers
import Testing

/// Files of ours are read by the `age` program, and its files by us.
@Suite struct AgeProgramTests {
    private static let sizes = [0, 1, 65_536, 65_537, 300_000]

    @Test(arguments: sizes) func itReadsOurFiles(size: Int) throws {
        try withFolder { folder in
            let plaintext = Self.sample(size)
            let identities = [X25519Identity(), X25519Identity()]
            var encryptor = try AgeEncryptor(recipients: identities.map(\.recipient))
            try Self.write(plaintext, with: &encryptor, to: folder("file.age"))
            for identity in identities {
                try write(identity.encoded() + "\n", to: folder("key"))
                _ = try age(["-d", "-i", folder("key"), "-o", folder("out"), folder("file.age")])
                // Of an empty file it makes no file.
                if size > 0 { #expect(try read(folder("out")) == plaintext) }
            }
            try write(X25519Identity().encoded() + "\n", to: folder("key"))
            #expect(throws: LoopbackError.self) {
                try age(["-d", "-i", folder("key"), "-o", folder("other"), folder("file.age")])
            }
        }
    }

    @Test(arguments: sizes) func weReadItsFiles(size: Int) throws {
        try withFolder { folder in
            let plaintext = Self.sample(size)
            try Data(plaintext).write(to: URL(filePath: folder("in")))
            _ = try age(program: "age-keygen", ["-o", folder("key")])
            let text = try String(contentsOfFile: folder("key"), encoding: .utf8)
            let theirs = try X25519Identity.identities(inFile: text)
            let ours = X25519Identity()
            #expect(text.contains("public key: \(theirs[0].recipient)"))
            let recipients = [theirs[0].recipient, ours.recipient].flatMap { ["-r", $0.description] }
            _ = try age(recipients + ["-o", folder("file.age"), folder("in")])
            for identity in [theirs[0], ours] {
                #expect(try opened(folder("file.age"), AgeDecryptor(identities: [identity])) == plaintext)
            }
            #expect(throws: AgeError.noMatchingIdentity) {
                try opened(folder("file.age"), AgeDecryptor(identities: [X25519Identity()]))
            }
        }
    }

    /// The program asks for a passphrase at a terminal, which `script` makes for it.
    @Test func passphrases() throws {
        try withFolder { folder in
            let plaintext = Self.sample(70_000)
            let passphrase = try AgePassphrase("six small words")
            var encryptor = try AgeEncryptor(passphrase: passphrase, workFactor: 14)
            try Self.write(plaintext, with: &encryptor, to: folder("ours.age"))
            try write("six small words\nsix small words\n", to: folder("typed"))
            func atTerminal(_ command: String) throws {
                let script = "cd \"$1\" && script -qec \"$2\" /dev/null < typed"
                _ = try age(program: "sh", ["-c", script, "sh", folder(""), command])
            }
            try atTerminal("age -d -o out ours.age")
            #expect(try read(folder("out")) == plaintext)
            try atTerminal("age -p -o theirs.age out")
            #expect(try opened(folder("theirs.age"), AgeDecryptor(passphrase: passphrase)) == plaintext)
        }
    }

    // MARK: -

    private func age(program: String = "age", _ arguments: [String]) throws -> String {
        let isInstalled = (try? output(of: ["sh", "-c", "command -v age age-keygen"])) != nil
        try #require(isInstalled, "age is missing: apt-get install age")
        return try output(of: [program] + arguments)
    }

    private static func sample(_ count: Int) -> [UInt8] {
        var random = SeededGenerator(seed: UInt64(count))
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    private static func write(_ plaintext: [UInt8], with encryptor: inout AgeEncryptor, to path: String) throws {
        var file: [UInt8] = []
        try encryptor.encrypt(plaintext, into: &file)
        try encryptor.finish(into: &file)
        try Data(file).write(to: URL(filePath: path))
    }

    private func opened(_ path: String, _ decryptor: AgeDecryptor) throws -> [UInt8] {
        var decryptor = decryptor
        var plaintext: [UInt8] = []
        try decryptor.decrypt(try read(path), into: &plaintext)
        try decryptor.finish(into: &plaintext)
        return plaintext
    }

    private func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(filePath: path))) }

    private func write(_ text: String, to path: String) throws {
        try text.write(toFile: path, atomically: true, encoding: .utf8)
    }

    private func withFolder(_ body: ((String) -> String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "bw-age-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body { folder.appending(path: $0).path }
    }
}
