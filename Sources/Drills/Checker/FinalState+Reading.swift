internal import NIOCore
internal import RESP
internal import RedisClient

extension FinalState {
    /// Keys asked for at once.
    private static let chunk = 200

    /// Reads what is left of a client's data over a connection to the master itself, not through a sidecar. It
    /// selects the client's database, so the connection must not be shared meanwhile.
    /// - Throws: `RedisConnectionError`, or `DrillError` when the master answers with an error.
    static func read(
        _ assignment: ClientAssignment, history: ClientHistory, from master: RedisConnection
    ) async throws -> FinalState {
        let keys = assignment.keys
        let replies = try await master.pipeline([
            ["SELECT", String(assignment.database)], ["GET", keys.current], ["GET", keys.counter],
            ["LRANGE", keys.log, "0", "-1"], ["LRANGE", keys.orders, "0", "-1"], ["GET", keys.orderCount],
            ["GET", keys.tally],
        ])
        for case .error(let message) in replies {
            throw DrillError("drill.state_unreadable", "the master could not be read after the drill: \(message)")
        }
        guard replies.count == 7, let log = replies[3].elements, let orders = replies[4].elements else {
            throw DrillError("drill.state_unreadable", "the master gave an answer that is not Redis'")
        }
        var state = FinalState(
            current: keys.page(of: replies[1].string),
            counter: replies[2].string.flatMap { Int($0) } ?? 0,
            log: log.map { $0.string.flatMap { Int($0) } },
            orders: orders.map { $0.string.flatMap { Int($0) } },
            orderCount: replies[5].string.flatMap { Int($0) } ?? 0,
            tally: replies[6].string.flatMap { Int($0) } ?? 0)
        state.pages = try await values(of: .set, history, assignment, master) { keys.page($0) }
        state.pledges = try await values(of: .pledge, history, assignment, master) { keys.pledge($0) }
        return state
    }

    /// What the keys hold that each page of the history wrote with that operation; those that are missing are left out.
    private static func values(
        of kind: Operation.Kind, _ history: ClientHistory, _ assignment: ClientAssignment,
        _ master: RedisConnection, _ key: (Int) -> String
    ) async throws -> [Int: Operation.Result] {
        var found: [Int: Operation.Result] = [:]
        let pages = history.operations.filter { $0.kind == kind }.map(\.page)
        for start in stride(from: 0, to: pages.count, by: chunk) {
            let asked = pages[start..<min(start + chunk, pages.count)]
            let reply = try await master.send(["MGET"] + asked.map(key))
            guard let values = reply.elements, values.count == asked.count else {
                throw DrillError("drill.state_unreadable", "the master gave an answer that is not Redis'")
            }
            for (page, value) in zip(asked, values) {
                let result = assignment.keys.page(of: value.string)
                if result != .missing { found[page] = result }
            }
        }
        return found
    }
}
