/// One recipient's part of the header: the file key, wrapped for that recipient.
struct AgeStanza: Equatable, Sendable {
    /// The first one names the kind. Visible ASCII without spaces.
    var arguments: [String]
    var body: [UInt8]
    /// Where it begins in the header, counted from 1, for messages.
    var line = 0

    var kind: String { arguments[0] }

    /// Appends the stanza as it stands in a header, the body in lines of 64 columns and a last one that is shorter.
    func append(to header: inout [UInt8]) {
        header += "-> \(arguments.joined(separator: " "))\n".utf8
        var text = Base64.encode(body)[...]
        while text.count >= AgeHeader.columns {
            header += text.prefix(AgeHeader.columns)
            header.append(UInt8(ascii: "\n"))
            text = text.dropFirst(AgeHeader.columns)
        }
        header += text
        header.append(UInt8(ascii: "\n"))
    }
}
