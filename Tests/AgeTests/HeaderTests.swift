import Testing

@testable import Age

/// Every rule of the header, broken once. <https://c2sp.org/age>
@Suite struct HeaderTests {
    /// What comes of a header in which one thing was replaced, the MAC being right for what it was before.
    private func error(
        replacing old: String, with new: String, _ location: SourceLocation = #_sourceLocation
    ) throws -> AgeError? {
        let file = try AgeFile.forged {
            [try AgeFile.identity.recipient.wrap($0)]
        } change: { text in
            #expect(text.contains(old), sourceLocation: location)
            return text.replacing(old, with: new, maxReplacements: 1)
        }
        let result = AgeFile.opened(file)
        #expect(result.plaintext.isEmpty, sourceLocation: location)
        // In small pieces it is the same.
        #expect(AgeFile.opened(file, pieces: 1) == result, sourceLocation: location)
        return result.error
    }

    @Test func theFirstLineNamesTheFormat() throws {
        let line = "age-encryption.org/v1\n"
        #expect(try error(replacing: line, with: "age-encryption.org/v2\n") == .unsupportedVersion)
        #expect(try error(replacing: line, with: "age-encryption.org/v10\n") == .unsupportedVersion)
        #expect(try error(replacing: line, with: "age-encryption.org/v1\r\n") == .unsupportedVersion)
        #expect(try error(replacing: line, with: "Age-encryption.org/v1\n") == .notAnAgeFile)
        #expect(try error(replacing: line, with: "\nage-encryption.org/v1\n") == .notAnAgeFile)
        #expect(AgeFile.opened(Array("-----BEGIN AGE ENCRYPTED FILE-----\n".utf8)).error == .notAnAgeFile)
        #expect(AgeFile.opened([]).error == .truncated)
        #expect(AgeFile.opened(Array("-- MySQL dump".utf8)).error == .notAnAgeFile)
    }

    @Test func argumentsAreSeparatedBySingleSpaces() throws {
        let beginning = "-> X25519 "
        for other in ["->  X25519 ", "-> X25519  ", "-> \u{7f} ", "-> \u{e9} ", "-> \t "] {
            #expect(try error(replacing: beginning, with: other) == .malformedHeader(line: 2, .arguments), "\(other)")
        }
        #expect(try error(replacing: beginning, with: "->X25519 ") == .malformedHeader(line: 2, .unexpectedLine))
        // A stanza of another kind, which is not ours to judge.
        #expect(try error(replacing: beginning, with: "-> ") == .noMatchingIdentity)
    }

    @Test func linesEndWithALineFeedAlone() throws {
        #expect(try error(replacing: "\n--- ", with: "\r\n--- ") == .malformedHeader(line: 3, .body))
        #expect(try error(replacing: "\n--- ", with: "\n\n--- ") == .malformedHeader(line: 4, .unexpectedLine))
        #expect(try error(replacing: "\n--- ", with: "\n \n--- ") == .malformedHeader(line: 4, .unexpectedLine))
        #expect(try error(replacing: "\n-> ", with: "\n#\n-> ") == .malformedHeader(line: 2, .unexpectedLine))
        #expect(try error(replacing: "\n-> ", with: "\n -> ") == .malformedHeader(line: 2, .unexpectedLine))
    }

    @Test func theMACIsCanonicalAndRight() throws {
        #expect(try error(replacing: "\n--- ", with: "\n---") == .malformedHeader(line: 4, .mac))
        #expect(try error(replacing: "\n--- ", with: "\n---  ") == .malformedHeader(line: 4, .mac))
        #expect(try error(replacing: "\n--- ", with: "\n--- A") == .malformedHeader(line: 4, .mac))
        #expect(try error(replacing: "\n--- ", with: "\n-- ") == .malformedHeader(line: 4, .unexpectedLine))
        for tail in ["=", " ", "\r"] {
            let file = try AgeFile.forged {
                [try AgeFile.identity.recipient.wrap($0)]
            } change: {
                String($0.dropLast()) + tail + "\n"
            }
            #expect(AgeFile.opened(file).error == .malformedHeader(line: 4, .mac), "\(tail.debugDescription)")
        }
        // Another digit: 43 digits carry 258 bits, so that the last digit must have two zero bits at its end.
        let file = try AgeFile.forged {
            [try AgeFile.identity.recipient.wrap($0)]
        } change: { text in
            let last = text.dropLast().last.map(String.init) ?? ""
            return String(text.dropLast(2)) + (last == "B" ? "C" : "B") + "\n"
        }
        #expect(AgeFile.opened(file).error == .malformedHeader(line: 4, .mac))
        #expect(try error(replacing: "-> X25519", with: "-> grease\n\n-> X25519") == .headerTampered)
        let empty = try AgeFile.forged { _ in [] }
        #expect(AgeFile.opened(empty).error == .malformedHeader(line: 2, .noStanza))
    }

    @Test func aStanzaTakenAwayIsNoticed() throws {
        let other = X25519Identity().recipient
        var removed = 0
        let file = try AgeFile.forged {
            [try AgeFile.identity.recipient.wrap($0), try other.wrap($0)]
        } change: { text in
            var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            removed = lines[3].count
            lines.removeSubrange(3...4)
            return lines.joined(separator: "\n")
        }
        #expect(removed > 10)
        #expect(AgeFile.opened(file).error == .headerTampered)
    }

    // MARK: - Stanzas with a right MAC

    private func opened(_ stanzas: (FileKey) throws -> [AgeStanza]) throws -> AgeError? {
        AgeFile.opened(try AgeFile.forged(stanzas)).error
    }

    @Test func stanzasOfOtherKindsAreNotOurs() throws {
        for body in [0, 1, 47, 48, 49, 96, 1_500] {
            let file = try AgeFile.forged { fileKey in
                let other = AgeStanza(arguments: ["example.com/x", "!~", "a"], body: AgeFile.sample(body))
                return [other, try AgeFile.identity.recipient.wrap(fileKey), other]
            }
            #expect(AgeFile.opened(file) == .init(Array("secret".utf8)), "a body of \(body) bytes")
        }
        let lowerCase = try opened { fileKey in
            var stanza = try AgeFile.identity.recipient.wrap(fileKey)
            stanza.arguments[0] = "x25519"
            return [stanza]
        }
        #expect(lowerCase == .noMatchingIdentity)
    }

    /// Each is refused although another stanza would open the file.
    @Test func x25519StanzasKeepTheirRules() throws {
        let fault = AgeError.malformedHeader(line: 4, .x25519)
        func error(_ change: (inout AgeStanza) -> Void) throws -> AgeError? {
            try opened { fileKey in
                var stanza = try AgeFile.identity.recipient.wrap(fileKey)
                change(&stanza)
                return [try AgeFile.identity.recipient.wrap(fileKey), stanza]
            }
        }
        #expect(try error { _ in } == nil)
        #expect(try error { $0.arguments.append("more") } == fault)
        #expect(try error { $0.arguments.removeLast() } == fault)
        #expect(try error { $0.arguments[1] += "=" } == fault)
        #expect(try error { $0.arguments[1].removeLast() } == fault)
        #expect(
            try error {
                $0.arguments[1].removeLast(); $0.arguments[1] += "B"
            } == fault)
        #expect(try error { $0.arguments[1] += "AAAA" } == fault)
        #expect(try error { $0.body.removeLast() } == fault)
        #expect(try error { $0.body.append(0) } == fault)
        #expect(try error { $0.body = [] } == fault)
        // The point of order 1: every shared secret would be zero.
        let zero = String(decoding: Base64.encode([UInt8](repeating: 0, count: 32)), as: UTF8.self)
        #expect(try error { $0.arguments[1] = zero } == fault)
        // One for somebody else is no fault.
        #expect(try error { $0.body[3] ^= 1 } == nil)
    }

    @Test func scryptStanzasKeepTheirRules() throws {
        let passphrase = try AgePassphrase("p")
        func error(_ change: (inout AgeStanza) -> Void) throws -> AgeError? {
            let file = try AgeFile.forged { fileKey in
                var stanza = try passphrase.wrap(fileKey, workFactor: 2)
                change(&stanza)
                return [stanza]
            }
            return AgeFile.opened(file, AgeDecryptor(passphrase: passphrase, maximumWorkFactor: 8)).error
        }
        let fault = AgeError.malformedHeader(line: 2, .scrypt)
        #expect(try error { _ in } == nil)
        for factor in ["0", "02", "+2", "-2", "0x2", "2a", "a2", "2.0", "\u{662}"] {
            // The last one is a digit of another script, which no header can hold.
            let isText = factor.utf8.allSatisfy { $0 < 0x7f }
            let expected = isText ? fault : .malformedHeader(line: 2, .arguments)
            #expect(try error { $0.arguments[2] = factor } == expected, "\(factor)")
        }
        #expect(try error { $0.arguments[2] = "9" } == .workFactorTooHigh(9))
        #expect(try error { $0.arguments[2] = "64" } == .workFactorTooHigh(64))
        #expect(try error { $0.arguments[2] = "99999999999999999999" } == .workFactorTooHigh(.max))
        #expect(try error { $0.arguments[2] = "3" } == .wrongPassphrase)
        #expect(try error { $0.arguments.append("2") } == fault)
        #expect(try error { $0.arguments.removeLast() } == fault)
        #expect(try error { $0.arguments[1] += "A" } == fault)
        #expect(try error { $0.arguments[1] = "AAAA" } == fault)
        #expect(try error { $0.body.append(0) } == fault)
        #expect(try error { $0.body.removeLast() } == fault)
    }

    @Test func aPassphraseIsTheOnlyWayIn() throws {
        let passphrase = try AgePassphrase("p")
        for isFirst in [true, false] {
            let file = try AgeFile.forged { fileKey in
                let stanzas = [
                    try passphrase.wrap(fileKey, workFactor: 2), try AgeFile.identity.recipient.wrap(fileKey),
                ]
                return isFirst ? stanzas : stanzas.reversed()
            }
            let fault = AgeError.malformedHeader(line: isFirst ? 2 : 4, .scryptNotAlone)
            #expect(AgeFile.opened(file).error == fault)
            #expect(AgeFile.opened(file, AgeDecryptor(passphrase: passphrase)).error == fault)
        }
    }

    // MARK: - Bodies

    /// A stanza of another kind with this text as its body, line ends included.
    private func error(body: String) throws -> AgeError? {
        let text = "age-encryption.org/v1\n-> other\n\(body)--- "
        return AgeFile.opened(Array(text.utf8) + Base64.encode([UInt8](repeating: 0, count: 32)) + [10, 0]).error
    }

    @Test func bodiesAreCanonicalLinesOf64Columns() throws {
        let full = String(repeating: "A", count: 64)
        for body in ["\n", "AAAA\n", "AA\n", "\(full)\n\n", "\(full)\nAA\n", "\(full)\n\(full)\n\n"] {
            #expect(try error(body: body) == .noMatchingIdentity, "\(body)")
        }
        for body in ["A\n", "AB\n", "AAA=\n", "AAAA \n", "A-\n", "A\u{e9}\n", "\(full)A\n", "\(full)\nAB\n"] {
            let line = body.hasPrefix("\(full)\n") ? 4 : 3
            #expect(try error(body: body) == .malformedHeader(line: line, .body), "\(body)")
        }
        // A full line needs one behind it; here the MAC stands in its place.
        #expect(try error(body: "\(full)\n") == .malformedHeader(line: 4, .body))
        #expect(try error(body: "AAAA\nAAAA\n") == .malformedHeader(line: 4, .unexpectedLine))
        #expect(try error(body: "") == .malformedHeader(line: 3, .body))
    }

    // MARK: - Limits

    @Test func aHeaderHasALimit() throws {
        let endless = Array("age-encryption.org/v1\n-> a\n".utf8) + [UInt8](repeating: 65, count: 1 << 20)
        #expect(AgeFile.opened(endless).error == .headerTooLong)
        #expect(AgeFile.opened(endless, pieces: 5_000).error == .headerTooLong)
        let recipient = AgeFile.identity.recipient
        let many = try AgeFile.encrypted([1], for: .init(repeating: recipient, count: 500))
        #expect(AgeFile.opened(many) == .init([1]))
        let long = try AgeFile.encrypted([1], for: .init(repeating: recipient, count: 700))
        #expect(AgeFile.opened(long).error == .headerTooLong)
    }
}
