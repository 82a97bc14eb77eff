/// Which files are backed up, and which below them are not.
package struct FileSelection: Sendable, Equatable {
    /// Absolute; none of them lies below another one.
    package var paths: [String]
    /// Patterns as restic has them.
    package var excludes: [String]

    /// What a restored shop does not miss: caches and logs of WordPress and of the plugins that many have, each at its
    /// own place, since `cache` is also the name of folders with code.
    package static let standardExcludes = [
        "wp-content/cache", "wp-content/litespeed", "wp-content/et-cache", "wp-content/upgrade",
        "wp-content/upgrade-temp-backup", "wp-content/wc-logs", "wp-content/uploads/wc-logs",
        "wp-content/uploads/cache", "wp-content/wflogs", "*.log", ".maintenance",
    ]

    /// - Parameters:
    ///   - paths: As the topology has them.
    ///   - rules: A name or a path is taken below each of the paths (`cache` is none of a plugin's folders); a pattern
    ///     without a slash at any depth; an absolute path is itself.
    package init(paths: [String], excluding rules: [String]) {
        let paths = Self.outermost(paths)
        let own = rules.flatMap { rule -> [String] in
            if rule.hasPrefix("/") || (!rule.contains("/") && rule.contains { "*?[".contains($0) }) { return [rule] }
            let rule = rule.hasSuffix("/") ? String(rule.dropLast()) : rule
            return paths.map { $0 == "/" ? "/\(rule)" : "\($0)/\(rule)" }
        }
        self.paths = paths
        excludes = Self.standardExcludes + own.filter { !Self.standardExcludes.contains($0) }
    }

    private static func outermost(_ paths: [String]) -> [String] {
        let tidy = paths.map { $0.count > 1 && $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
        var kept: [String] = []
        for path in tidy where !kept.contains(path) {
            if !tidy.contains(where: { $0 != path && path.isBelow($0) }) { kept.append(path) }
        }
        return kept
    }

    /// Where `wp-config.php` may be, whose salts and passwords belong to the files: WordPress takes it from its own
    /// folder or from the one above.
    package static func configurations(paths: [String], docroot: String?) -> [String] {
        let roots = paths.filter { $0.hasSuffix("/wp-content") }.map { String($0.dropLast("/wp-content".count)) }
        var found: [String] = []
        for root in (docroot.map { [$0] } ?? []) + roots {
            for folder in [root, String(root[..<(root.lastIndex(of: "/") ?? root.startIndex)])] {
                let file = "\(folder)/wp-config.php"
                if !found.contains(file) { found.append(file) }
            }
        }
        return found
    }

    /// Whether a path is one of ours or below one.
    package func covers(_ path: String) -> Bool { paths.contains { path == $0 || path.isBelow($0) } }
}

extension String {
    fileprivate func isBelow(_ folder: String) -> Bool { hasPrefix(folder == "/" ? "/" : folder + "/") }
}
