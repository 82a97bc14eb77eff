/// The file that `wp-config.php` includes instead of defining `DB_HOST` and `DB_NAME` itself.
package struct EndpointFile: Sendable {
    /// What it says.
    package struct Endpoint: Sendable, Hashable, Codable {
        /// As WordPress takes it: `host`, `host:port`, `[fd00::1]:port` or `host:/socket`.
        package var host: String
        package var database: String

        package init(host: String, database: String) {
            self.host = host
            self.database = database
        }
    }

    private let file: ReplacedFile

    package init(path: String) { file = ReplacedFile(path: path) }

    package var path: String { file.path }

    /// - Throws: `FlipError.noEndpoint`, `foreignEndpoint`: what else stands in it would be lost.
    package func read() throws(FlipError) -> Endpoint {
        guard let text = try file.read() else { throw .noEndpoint(path) }
        guard let endpoint = Self.parse(text) else { throw .foreignEndpoint(path) }
        return endpoint
    }

    package func survey() throws(FlipError) -> Endpoint {
        try file.checkWritable()
        return try read()
    }

    /// In one step, with the mode and owner that the file has.
    package func write(_ endpoint: Endpoint) throws(FlipError) { try file.write(Self.text(endpoint)) }

    package static func text(_ endpoint: Endpoint) -> String {
        """
        <?php // Where the shop's database is; wp-config.php includes this. Kept by breakwater: do not add to it.
        define('DB_HOST', \(quoted(endpoint.host)));
        define('DB_NAME', \(quoted(endpoint.database)));

        """
    }

    /// In single quotes PHP knows two escapes alone, of the quote and of the backslash.
    private static func quoted(_ text: String) -> String {
        "'\(text.replacing("\\", with: "\\\\").replacing("'", with: "\\'"))'"
    }

    /// Nil for what has anything but the two definitions, comments and space.
    static func parse(_ text: String) -> Endpoint? {
        var rest = Substring(text)
        guard rest.take("<?php") else { return nil }
        var values: [String: String] = [:]
        while true {
            rest.skipBlanks()
            if rest.isEmpty || rest == "?>" || rest == "?>\n" { break }
            guard rest.take("define"), rest.take(blank: "("), let name = rest.takeString(), rest.take(blank: ","),
                let value = rest.takeString(), rest.take(blank: ")"), rest.take(blank: ";"), values[name] == nil
            else { return nil }
            values[name] = value
        }
        guard values.count == 2, let host = values["DB_HOST"], let database = values["DB_NAME"] else { return nil }
        return Endpoint(host: host, database: database)
    }
}

extension Substring {
    fileprivate mutating func take(_ word: String) -> Bool {
        guard hasPrefix(word) else { return false }
        removeFirst(word.count)
        return true
    }

    fileprivate mutating func take(blank word: String) -> Bool {
        skipBlanks()
        return take(word)
    }

    /// Space, and comments to the end of their line.
    fileprivate mutating func skipBlanks() {
        while let first {
            if first.isWhitespace {
                removeFirst()
            } else if hasPrefix("//") || first == "#" {
                self = drop { !$0.isNewline }
            } else {
                return
            }
        }
    }

    /// A string in single quotes, or in double quotes without anything that PHP would look into.
    fileprivate mutating func takeString() -> String? {
        skipBlanks()
        guard let quote = first, quote == "'" || quote == "\"" else { return nil }
        removeFirst()
        var text = ""
        while let character = popFirst() {
            if character == quote { return text }
            if quote == "\"", character == "\\" || character == "$" { return nil }
            if character == "\\", let next = first, next == "\\" || next == "'" {
                text.append(removeFirst())
            } else {
                text.append(character)
            }
        }
        return nil
    }
}
