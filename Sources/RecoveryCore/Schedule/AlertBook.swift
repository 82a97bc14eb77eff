package import Foundation

/// Which alerts are open, and what is to be said of them: each once when it begins, again a day later if it is still
/// open, and once when it is over.
package struct AlertBook: Sendable, Equatable {
    package struct Entry: Sendable, Codable, Hashable {
        /// What it is about, such as `backup.missed`: one alert at a time.
        package var key: String
        package var text: String
        package var since: Date
        /// When somebody was told last; nil as long as nobody could be.
        package var toldAt: Date?

        package init(key: String, text: String, since: Date, toldAt: Date? = nil) {
            self.key = key
            self.text = text
            self.since = since
            self.toldAt = toldAt
        }
    }

    package enum Message: Sendable, Equatable {
        case raised(Entry)
        case reminded(Entry)
        case recovered(Entry)

        package var entry: Entry {
            switch self {
            case .raised(let entry), .reminded(let entry), .recovered(let entry): entry
            }
        }
    }

    package static let reminder: TimeInterval = 24 * 3600

    package private(set) var open: [String: Entry] = [:]
    /// Over, and nobody was told yet.
    private var recovered: [String: Entry] = [:]

    package init(_ entries: [Entry] = []) {
        for entry in entries { open[entry.key] = entry }
    }

    /// Everything that is wrong now, by its key. `known` are the keys that were looked at; an open alert whose key was
    /// not looked at stays. One of them that ends in a dot stands for all keys that begin so.
    package mutating func see(_ wrong: [String: String], among known: Set<String>, now: Date) {
        for (key, text) in wrong {
            recovered[key] = nil
            if open[key] == nil { open[key] = Entry(key: key, text: text, since: now) } else { open[key]?.text = text }
        }
        let families = known.filter { $0.hasSuffix(".") }
        for (key, entry) in open where wrong[key] == nil {
            guard known.contains(key) || families.contains(where: key.hasPrefix) else { continue }
            open[key] = nil
            // Of what nobody heard nobody needs to hear the end.
            if entry.toldAt != nil { recovered[key] = entry }
        }
    }

    /// What is to be said now. Say each and then call ``told(_:now:)``; what could not be said comes again.
    package func messages(now: Date) -> [Message] {
        let raised: [Message] = open.values.sorted { $0.key < $1.key }.compactMap { entry in
            guard let told = entry.toldAt else { return .raised(entry) }
            return now >= told + Self.reminder ? .reminded(entry) : nil
        }
        return raised + recovered.values.sorted { $0.key < $1.key }.map(Message.recovered)
    }

    package mutating func told(_ message: Message, now: Date) {
        let key = message.entry.key
        if case .recovered = message { recovered[key] = nil } else { open[key]?.toldAt = now }
    }
}
