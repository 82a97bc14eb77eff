extension SchemaStatement {
    /// The definition of a table without `DATA DIRECTORY` and `INDEX DIRECTORY`, of its own and of its partitions, and
    /// what they were. They are places of the server that was backed up; another one may not have them, or must not
    /// write there. Nil when there are none.
    var withoutDirectories: (text: String, directories: [String])? {
        guard case .table = subject else { return nil }
        let tokens = Array(SQLTokens(text))
        var directories: [String] = []
        var rest = ""
        var copied = 0
        var index = 0
        while index + 2 < tokens.count {
            guard [.word("DATA"), .word("INDEX")].contains(tokens[index].kind),
                tokens[index + 1].kind == .word("DIRECTORY")
            else {
                index += 1
                continue
            }
            let last = index + (tokens[index + 2].kind == .symbol("=") ? 3 : 2)
            guard last < tokens.count, tokens[last].kind == .text else { break }
            rest += text[bytes: copied..<tokens[index].range.lowerBound]
            copied = tokens[last].range.upperBound
            directories.append(text[bytes: tokens[index].range.lowerBound..<copied])
            index = last + 1
        }
        guard !directories.isEmpty else { return nil }
        return (rest + text[bytes: copied..<text.utf8.count], directories)
    }
}
