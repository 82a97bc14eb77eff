internal import RecoveryCore

/// The order in which views can be created: each after those that it reads.
enum ViewOrder {
    /// - Parameters:
    ///   - definitions: `VIEW_DEFINITION` of each view by its name; servers write every table of it as
    ///     `` `database`.`table` ``.
    ///   - database: The database that the views are in.
    /// - Returns: All names. Views that seem to need each other, which no server allows, keep the order of their names.
    static func sorted(_ definitions: [ExactName: String], in database: String) -> [ExactName] {
        let needs = definitions.mapValues { text in
            names(after: database, in: text).filter { definitions[$0] != nil }
        }
        var done: Set<ExactName> = []
        var order: [ExactName] = []
        /// With an explicit stack: the depth is the server's to choose.
        for root in definitions.keys.sorted() where !done.contains(root) {
            var stack = [(name: root, isOpened: false)]
            var open: Set<ExactName> = []
            while let (name, isOpened) = stack.popLast() {
                if isOpened {
                    open.remove(name)
                    if done.insert(name).inserted { order.append(name) }
                } else if !done.contains(name), open.insert(name).inserted {
                    stack.append((name, true))
                    stack += (needs[name] ?? []).sorted().reversed().map { ($0, false) }
                }
            }
        }
        return order
    }

    private static func names(after database: String, in text: String) -> Set<ExactName> {
        var names: Set<ExactName> = []
        var last: [SQLTokens.Kind] = []
        for token in SQLTokens(text) {
            if case .name(let name) = token.kind, last.suffix(2) == [.name(database), .symbol(".")] {
                names.insert(name.exact)
            }
            last = last.suffix(1) + [token.kind]
        }
        return names
    }
}
