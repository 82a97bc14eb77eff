/// The keys and values of one client; `worker.php` derives the same ones.
package struct ClientKeys: Sendable, Hashable {
    /// Keys with this prefix are declared idempotent in a drill's topology, so SET may be replayed on them.
    package static let idempotentPrefix = "drill:set:"

    /// Keys with this prefix are declared durable where a scenario asks for it.
    package static let durablePrefix = "drill:durable:"

    package let owner: String

    package init(run: String, client: Int) {
        owner = "\(run):\(client)"
    }

    /// The key of one page.
    package func page(_ page: Int) -> String { Self.idempotentPrefix + "\(owner):\(page)" }
    /// The key that every page overwrites.
    package var current: String { Self.idempotentPrefix + "\(owner):current" }
    package var counter: String { "drill:counter:\(owner)" }
    package var log: String { "drill:log:\(owner)" }
    package var orders: String { "drill:orders:\(owner)" }
    package func pledge(_ page: Int) -> String { Self.durablePrefix + "\(owner):\(page)" }
    package var tally: String { Self.durablePrefix + "\(owner):tally" }
    package var cart: String { Self.idempotentPrefix + "\(owner):cart" }
    package var orderCount: String { "drill:order-count:\(owner)" }

    /// What a value found under one of the client's keys says: the page that wrote it.
    ///
    /// A value is `owner:page:` and padding with the letter of the page, so a damaged or foreign one shows.
    package func page(of value: String?) -> Operation.Result {
        guard let value else { return .missing }
        let parts = value.utf8.split(separator: UInt8(ascii: ":"), maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 4, value.hasPrefix(owner + ":"), let page = Int(Substring(parts[2])), page > 0 else {
            return .foreign
        }
        let letter = UInt8(ascii: "a") + UInt8(page % 26)
        return parts[3].allSatisfy { $0 == letter } ? .number(page) : .foreign
    }

    /// The value that a page writes, padded to `size` bytes.
    package func value(page: Int, size: Int) -> String {
        let head = "\(owner):\(page):"
        let letter = String(UnicodeScalar(UInt8(ascii: "a") + UInt8(page % 26)))
        return head + String(repeating: letter, count: max(0, size - head.utf8.count))
    }
}
