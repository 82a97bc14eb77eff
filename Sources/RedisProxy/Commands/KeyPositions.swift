/// Where a command's keys stand among its arguments.
package struct KeyPositions: Sendable, Hashable {
    /// How the keys are found; the positions below alone are not enough for all commands.
    package enum Rule: UInt8, Sendable {
        case none
        /// From `first` to `last` in steps of `step`; a negative `last` counts from the end.
        case range
        /// A count at argument `count`, then that many keys, `stride` apart.
        case counted
        /// A destination at argument 1, then as `counted` (ZUNIONSTORE and its kin).
        case destinationAndCounted
        /// The first half of what follows STREAMS (XREAD, XREADGROUP).
        case streams
        /// The key at 3, or, if that is empty, all that follow KEYS (MIGRATE).
        case migrate
        /// The key at 1, and the one after STORE or STOREDIST (SORT, GEORADIUS).
        case firstAndStore
    }

    package var rule: Rule
    /// As COMMAND gives them: 0, 0, 0 for keys it cannot express as a range.
    package var first: Int8
    package var last: Int8
    package var step: Int8
    /// For the rules with a count: where the count stands.
    package var count: Int8 = 0
    /// For the rules with a count: the distance from one key to the next.
    package var stride: Int8 = 1

    package static let none = KeyPositions(rule: .none, first: 0, last: 0, step: 0)
    package static let first = KeyPositions(rule: .range, first: 1, last: 1, step: 1)
    package static let second = KeyPositions(rule: .range, first: 2, last: 2, step: 1)
    package static let firstTwo = KeyPositions(rule: .range, first: 1, last: 2, step: 1)
    package static let all = KeyPositions(rule: .range, first: 1, last: -1, step: 1)
    package static let allButFirst = KeyPositions(rule: .range, first: 2, last: -1, step: 1)
    package static let allButLast = KeyPositions(rule: .range, first: 1, last: -2, step: 1)
    package static let pairs = KeyPositions(rule: .range, first: 1, last: -1, step: 2)
    package static let streams = KeyPositions(rule: .streams, first: 0, last: 0, step: 0)
    package static let migrate = KeyPositions(rule: .migrate, first: 3, last: 3, step: 1)
    package static let firstAndStore = KeyPositions(rule: .firstAndStore, first: 1, last: 1, step: 1)
    package static let destinationAndCounted = KeyPositions(
        rule: .destinationAndCounted, first: 1, last: 1, step: 1, count: 2)

    package static func counted(at count: Int8, stride: Int8 = 1) -> KeyPositions {
        KeyPositions(rule: .counted, first: 0, last: 0, step: 0, count: count, stride: stride)
    }
}

extension KeyPositions {
    /// Calls `body` with the position of each key until it returns false. Positions are always within the arguments;
    /// a request with a wrong count or too few arguments yields what is there, since the server will refuse it.
    /// Returns false if `body` ended the walk.
    @discardableResult
    package func forEach<Arguments: CommandArguments>(
        in arguments: Arguments, _ body: (Int) -> Bool
    ) -> Bool {
        let total = arguments.count
        switch rule {
        case .none:
            return true
        case .range:
            let end = last < 0 ? total + Int(last) : min(Int(last), total - 1)
            return Self.walk(from: Int(first), through: end, by: Int(step), body)
        case .counted:
            return walkCounted(arguments, body)
        case .destinationAndCounted:
            guard total > 1, body(1) else { return total <= 1 }
            return walkCounted(arguments, body)
        case .streams:
            guard let keyword = Self.position(of: "STREAMS", in: arguments, from: 1) else { return true }
            let keys = (total - keyword - 1) / 2
            return Self.walk(from: keyword + 1, through: keyword + keys, by: 1, body)
        case .migrate:
            if total > 3, arguments[3].isEmpty {
                guard let keyword = Self.position(of: "KEYS", in: arguments, from: 6) else { return true }
                return Self.walk(from: keyword + 1, through: total - 1, by: 1, body)
            }
            return Self.walk(from: 3, through: min(3, total - 1), by: 1, body)
        case .firstAndStore:
            guard total > 1, body(1) else { return total <= 1 }
            var index = 2
            while index + 1 < total {
                if arguments[index].matches("STORE") || arguments[index].matches("STOREDIST") {
                    guard body(index + 1) else { return false }
                    index += 1
                }
                index += 1
            }
            return true
        }
    }

    /// The position of the first key, if there is one.
    package func firstKey<Arguments: CommandArguments>(in arguments: Arguments) -> Int? {
        if rule == .range { return Int(first) < arguments.count ? Int(first) : nil }
        var found: Int?
        forEach(in: arguments) { position in
            found = position
            return false
        }
        return found
    }

    /// Whether there is at least one key and `predicate` holds for all of them.
    package func allSatisfy<Arguments: CommandArguments>(
        in arguments: Arguments, _ predicate: (UnsafeRawBufferPointer) -> Bool
    ) -> Bool {
        var any = false
        let whole = forEach(in: arguments) { position in
            any = true
            return predicate(arguments[position])
        }
        return any && whole
    }

    private func walkCounted<Arguments: CommandArguments>(
        _ arguments: Arguments, _ body: (Int) -> Bool
    ) -> Bool {
        let total = arguments.count
        guard Int(count) < total, let keys = arguments[Int(count)].decimal, keys > 0 else { return true }
        let first = Int(count) + 1
        // Bounded before the product: the count is the client's and may be anything.
        let fitting = min(keys, total)
        return Self.walk(
            from: first, through: min(first + (fitting - 1) * Int(stride), total - 1), by: Int(stride), body)
    }

    private static func walk(from first: Int, through last: Int, by step: Int, _ body: (Int) -> Bool) -> Bool {
        var position = first
        while position <= last {
            guard body(position) else { return false }
            position += step
        }
        return true
    }

    private static func position<Arguments: CommandArguments>(
        of keyword: StaticString, in arguments: Arguments, from start: Int
    ) -> Int? {
        var index = start
        while index < arguments.count {
            if arguments[index].matches(keyword) { return index }
            index += 1
        }
        return nil
    }
}
