import Testing

@testable import Age

@Suite struct TextTests {
    /// Those of BIP 173 that are within what age uses of it, and the keys of age's specification.
    @Test(arguments: [
        "a12uel5l", "A12UEL5L", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw",
        "?1ezyfcl", "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj",
        "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX",
    ])
    func bech32IsReadAndWritten(text: String) throws {
        let (prefix, bytes) = try Bech32.decode(text)
        #expect(Bech32.encode(prefix: prefix, bytes) == text.lowercased())
    }

    @Test(arguments: [
        ("", AgeError.KeyFault.notBech32), ("1qyrz8x", .notBech32), ("age", .notBech32), ("age1", .notBech32),
        ("a1lqfn3a", .checksum), ("A12uEL5L", .notBech32), ("a12uel5b", .notBech32), ("a12uel5m", .checksum),
        ("age1\u{e9}2uel5l", .notBech32), ("a 1 2uel5l", .notBech32),
    ])
    func whatIsNoBech32IsRefused(text: String, fault: AgeError.KeyFault) {
        #expect(throws: fault) { try Bech32.decode(text) }
    }

    @Test func base64IsCanonical() {
        for count in 0..<100 {
            let bytes = AgeFile.sample(count)
            #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        }
        #expect(Base64.encode(Array("foob".utf8)) == Array("Zm9vYg".utf8))
        for text in ["Zg==", "Zh", "Zm9", "A", "Zm9v\n", "Zm-_", " Zm9v", "Zm9vYh", "\u{e9}"] {
            #expect(Base64.decode(Array(text.utf8)) == nil, "\(text)")
        }
    }

    @Test func keysAreReadAndWritten() throws {
        let text = "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX"
        let identity = try X25519Identity(text)
        #expect(identity.encoded() == text)
        #expect(identity.recipient.description == "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj")
        #expect(try X25519Recipient(identity.recipient.description) == identity.recipient)
        #expect(!"\(identity)".contains("GFPYY"))
        let passphrase = try AgePassphrase("hush")
        #expect(!"\(passphrase)".contains("hush"))
        let new = X25519Identity()
        #expect(try X25519Identity(new.encoded()).recipient == new.recipient)
        #expect(new.recipient != X25519Identity().recipient)
    }

    @Test func keysOfTheWrongKindAreRefused() throws {
        let identity = X25519Identity()
        #expect(throws: AgeError.invalidRecipient(.kind)) { try X25519Recipient(identity.encoded()) }
        #expect(throws: AgeError.invalidIdentity(line: 1, .kind)) {
            try X25519Identity(identity.recipient.description)
        }
        for count in [0, 31, 33] {
            let bytes = [UInt8](repeating: 9, count: count)
            #expect(throws: AgeError.invalidRecipient(.length)) {
                try X25519Recipient(Bech32.encode(prefix: "age", bytes))
            }
            #expect(throws: AgeError.invalidIdentity(line: 1, .length)) {
                try X25519Identity(Bech32.encode(prefix: "age-secret-key-", bytes))
            }
        }
        // The points of order 1 and 2.
        for first: UInt8 in [0, 1] {
            let point = [first] + [UInt8](repeating: 0, count: 31)
            #expect(throws: AgeError.invalidRecipient(.lowOrder)) {
                try X25519Recipient(Bech32.encode(prefix: "age", point))
            }
        }
        #expect(throws: AgeError.passphraseEmpty) { try AgePassphrase("") }
        #expect(throws: AgeError.noRecipients) { try AgeEncryptor(recipients: []) }
    }

    @Test func identityFilesMayHaveComments() throws {
        let (first, second) = (X25519Identity(), X25519Identity())
        let file = "# created: today\n# public key: x\n\(first.encoded())\r\n\n\(second.encoded())\n"
        let identities = try X25519Identity.identities(inFile: file)
        #expect(identities.map(\.recipient) == [first.recipient, second.recipient])
        #expect(throws: AgeError.invalidIdentity(line: 2, .notBech32)) {
            try X25519Identity.identities(inFile: "# one\nhello\n")
        }
        #expect(throws: AgeError.invalidIdentity(line: 1, .kind)) { try X25519Identity.identities(inFile: "# none\n") }
    }
}
