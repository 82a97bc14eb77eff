/// What a text must look like, where not every text will do.
struct StringRule: Sendable {
    /// After "must be".
    var expectation: String
    var hint: String?
    var test: @Sendable (String) -> Bool

    /// The store's name and host names: one DNS label in lower case.
    static func label(_ most: Int) -> StringRule {
        StringRule(
            expectation: "lower-case letters, digits and hyphens, starting with a letter, at most \(most)"
        ) { text in
            (1...most).contains(text.utf8.count) && !text.hasSuffix("-")
                && text.utf8.first.map { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } == true
                && text.utf8.allSatisfy { ($0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-")) && !$0.isUpperCase }
        }
    }

    /// Sentinel's own rule for a master's name, and what is safe in a configuration file.
    static let serviceName = StringRule(expectation: "letters, digits, `.`, `-` and `_`, at most 64") { text in
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || ".-_".utf8.contains($0) }
    }

    /// A path that needs no quoting in any of the files it is rendered into.
    static let plainPath = StringRule(
        expectation: "an absolute path", hint: "use letters, digits and any of / . _ - + @ in paths"
    ) { text in
        text.hasPrefix("/") && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || "/._-+@".utf8.contains($0) }
    }

    /// One line of HAProxy's runtime socket is one command, and `;` separates two.
    static let haproxyServer = StringRule(expectation: "`backend/server`") { text in
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        return parts.count == 2
            && parts.allSatisfy { part in
                !part.isEmpty && part.utf8.allSatisfy { $0.isASCIIAlphanumeric || "._-:".utf8.contains($0) }
            }
    }

    static let groupName = StringRule(expectation: "the name of a group") { text in
        (1...32).contains(text.utf8.count)
            && text.utf8.allSatisfy { ($0.isASCIIAlphanumeric || "_-".utf8.contains($0)) && !$0.isUpperCase }
    }

    static let domain = StringRule(expectation: "a domain name such as your-store.com") { text in
        text.contains(".") && IPAddress(text) == nil && ListenAddress.isHost(text)
    }

    static let host = StringRule(expectation: "an IP address or a host name", test: ListenAddress.isHost)

    static let hostPort = StringRule(expectation: "a host and a port such as db.example:25060") { text in
        ListenAddress.splitHostPort(text) != nil
    }

    /// Keys are matched bytewise, so a prefix is any text; an empty one would match every key.
    static let keyPrefix = StringRule(expectation: "a key prefix of at most 256 bytes") { text in
        (1...256).contains(text.utf8.count)
    }

    static let url = StringRule(expectation: "a URL such as https://10.10.0.41:2379") { text in
        for scheme in ["https://", "http://"] {
            if let rest = text.dropping(prefix: scheme) { return ListenAddress.splitHostPort(rest) != nil }
        }
        return false
    }

    static let sharedCheck = StringRule(expectation: "`redis` or `database`") { text in
        WebTopology.sharedChecks.contains(text)
    }

    static let requestPath = StringRule(expectation: "a request path such as /healthz") { text in
        text.hasPrefix("/") && !text.contains(" ")
    }
}

extension UInt8 {
    fileprivate var isUpperCase: Bool {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self)
    }
}
