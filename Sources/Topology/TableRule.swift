/// Names tables: `wp_statistics_visit`, `*_log` or `preset:woocommerce`.
package enum TableRule: Sendable, Hashable {
    case pattern(TablePattern)
    case preset(TablePreset)

    /// Reads a rule as `--exclude` and `--schema-only` take it.
    /// - Throws: Why it cannot be used.
    package init(_ text: String) throws(UnusableOption) {
        do {
            try self.init(scalar: text)
        } catch {
            throw UnusableOption(error)
        }
    }

    package func matches(_ table: String) -> Bool {
        switch self {
        case .pattern(let pattern): pattern.matches(table)
        case .preset(let preset): preset.patterns.contains { $0.matches(table) }
        }
    }
}

/// A table's name in which `*` stands for any characters and `?` for one. Case matters, as it does to the servers.
package struct TablePattern: Sendable, Hashable {
    package var text: String

    package init(_ text: String) {
        self.text = text
    }

    /// In time proportional to the product of the lengths, whatever the pattern.
    package func matches(_ name: String) -> Bool {
        let pattern = Array(text.unicodeScalars)
        let name = Array(name.unicodeScalars)
        var p = 0
        var n = 0
        var star: (pattern: Int, name: Int)?
        while n < name.count {
            if p < pattern.count, pattern[p] == "*" {
                star = (p, n)
                p += 1
            } else if p < pattern.count, pattern[p] == "?" || pattern[p] == name[n] {
                p += 1
                n += 1
            } else if let last = star {
                // The last `*` takes one more.
                star = (last.pattern, last.name + 1)
                p = last.pattern + 1
                n = last.name + 1
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }
}

/// Tables whose rows a shop does not miss after a restore.
package enum TablePreset: String, Sendable, CaseIterable {
    case woocommerce

    /// Whatever WordPress' table prefix is, also of the sites of a multisite. What is not named here is backed up.
    package var patterns: [TablePattern] {
        switch self {
        case .woocommerce:
            [
                // Carts of visitors; they expire within two days, and a restored one shows yesterday's prices.
                "*_woocommerce_sessions",
                // Stock held for checkouts that were under way: ten minutes to an hour.
                "*_wc_reserved_stock",
                // Counters of requests, by the hour.
                "*_wc_rate_limits",
                // What was done and said, not what is to be done: actions themselves are kept.
                "*_actionscheduler_logs", "*_woocommerce_log",
            ].map(TablePattern.init)
        }
    }
}

extension TableRule: TopologyScalar {
    static var expectation: String { "a table's name, a pattern such as \"*_log\", or preset:woocommerce" }

    init(scalar text: String) throws(UnusableScalar) {
        guard let name = text.dropping(prefix: "preset:") else {
            guard text.utf8.count <= 256 else { throw UnusableScalar(message: "must be at most 256 bytes long") }
            self = .pattern(TablePattern(text))
            return
        }
        guard let preset = TablePreset(rawValue: name) else {
            let names = TablePreset.allCases.map(\.rawValue)
            throw UnusableScalar(
                message: "names no preset: \(quoted(name))",
                hint: nearest(to: name, among: names).map { "did you mean `preset:\($0)`?" }
                    ?? "presets: \(names.joined(separator: ", "))")
        }
        self = .preset(preset)
    }

    var topologyText: String { description }
}

extension TableRule: CustomStringConvertible {
    package var description: String {
        switch self {
        case .pattern(let pattern): pattern.text
        case .preset(let preset): "preset:\(preset.rawValue)"
        }
    }
}
