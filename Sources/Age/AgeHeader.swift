/// The textual head of an age file: who can open it, and a MAC over that. <https://c2sp.org/age>
package struct AgeHeader: Equatable, Sendable {
    /// A header that is longer is not read: some 600 recipients fit.
    package static let maximumLength = 64 * 1024
    static let versionLine = Array("age-encryption.org/v1\n".utf8)
    static let columns = 64

    var stanzas: [AgeStanza]
    /// What the MAC covers: everything up to and including `---`.
    var authenticated: [UInt8]
    var mac: [UInt8]

    /// A new header, closed with the MAC of the file key.
    init(_ stanzas: [AgeStanza], fileKey: FileKey) {
        self.stanzas = stanzas
        authenticated = Self.versionLine
        for stanza in stanzas { stanza.append(to: &authenticated) }
        authenticated += "---".utf8
        mac = fileKey.headerMAC(of: authenticated)
    }

    var bytes: [UInt8] {
        authenticated + [UInt8(ascii: " ")] + Base64.encode(mac) + [UInt8(ascii: "\n")]
    }
}
