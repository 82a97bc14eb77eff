internal import NIOCore
internal import NIOPosix
internal import RESP
internal import RedisClient

/// A connection of this process that sends without pauses, to saturate the path.
///
/// Half of the clients send pipelines of SET and GET, which may be replayed; the other half send INCR and RPUSH one
/// after the other. They are kept apart because a connection that is closed over one unknown INCR takes the SETs
/// behind it along.
package struct NativeClient: Sendable {
    private let assignment: ClientAssignment
    private let recorder: ClientRecorder

    /// Pages in one pipeline.
    private static let depth = 8

    package init(_ assignment: ClientAssignment, recorder: ClientRecorder) {
        self.assignment = assignment
        self.recorder = recorder
    }

    /// Runs until `stop` opens, connecting again whenever the connection breaks.
    package func run(until stop: Gate) async throws {
        guard case .address(let address) = assignment.route else {
            throw DrillError("drill.route", "native clients know no Sentinels")
        }
        var page = 1
        while !stop.isOpen, !Task.isCancelled {
            guard let connection = await connect(to: address, page: page) else {
                // A refused connection is answered at once: without a pause this would be a busy loop.
                try? await Task.sleep(for: .milliseconds(10))
                continue
            }
            await use(connection, from: &page, until: stop)
            connection.abandon()
        }
    }

    private func connect(to address: RedisAddress, page: Int) async -> RedisConnection? {
        var options = RedisConnection.Options()
        options.connectTimeout = .nanoseconds(assignment.group.timeout.inNanoseconds)
        options.commandTimeout = options.connectTimeout
        options.credentials = assignment.group.credentials
        let started = MonotonicClock.now()
        do {
            let connection = try await RedisConnection.connect(to: address, options: options)
            let reply = try await connection.send(["SELECT", String(assignment.database)])
            if let message = reply.errorMessage { throw DrillError("drill.select", message) }
            record(.connect, page, started, .acknowledged)
            return connection
        } catch {
            recorder.record(
                Operation(
                    .connect, page: page, started: started, ended: MonotonicClock.now(), outcome: .unconnected),
                error: "\(error)")
            return nil
        }
    }

    private func use(_ connection: RedisConnection, from page: inout Int, until stop: Gate) async {
        var goesOn = true
        while goesOn, !stop.isOpen, !Task.isCancelled {
            if assignment.client.isMultiple(of: 2) {
                goesOn = await overwrite(connection, pages: page..<(page + Self.depth))
                page += Self.depth
            } else {
                goesOn = await count(connection, page: page)
                page += 1
            }
        }
    }

    /// A pipeline of SET and GET pairs on one key.
    private func overwrite(_ connection: RedisConnection, pages: Range<Int>) async -> Bool {
        let keys = assignment.keys
        let commands = pages.flatMap { page in
            [["SET", keys.current, keys.value(page: page, size: 64 << (page % 5))], ["GET", keys.current]]
        }
        let kinds = pages.flatMap { [(Operation.Kind.put, $0), (.get, $0)] }
        let started = MonotonicClock.now()
        let outcome = await send { try await connection.pipeline(commands) }
        let ended = MonotonicClock.now()
        switch outcome {
        case .success(let replies) where replies.count == kinds.count:
            let operations = zip(kinds, replies).map { kind, reply in
                operation(kind.0, kind.1, started, ended, reply)
            }
            recorder.record(operations, error: replies.lazy.compactMap(\.errorMessage).first ?? "")
            return operations.allSatisfy { $0.outcome == .acknowledged }
        case .success(let replies):
            fail(kinds, started, ended, .broken, "\(replies.count) replies to \(kinds.count) commands")
        case .failure(let error):
            fail(kinds, started, ended, error == .notSent ? .unconnected : .broken, "\(error)")
        }
        return false
    }

    /// INCR, then RPUSH, then both in a transaction.
    private func count(_ connection: RedisConnection, page: Int) async -> Bool {
        let keys = assignment.keys
        let commands: [(Operation.Kind, [[String]])] = [
            (.increment, [["INCR", keys.counter]]), (.append, [["RPUSH", keys.log, String(page)]]),
            (
                .transact,
                [["MULTI"], ["INCR", keys.orderCount], ["RPUSH", keys.orders, String(page)], ["EXEC"]]
            ),
        ]
        for (kind, pipeline) in commands {
            let started = MonotonicClock.now()
            let outcome = await send { try await connection.pipeline(pipeline) }
            let ended = MonotonicClock.now()
            switch outcome {
            case .success(let replies):
                let done = operation(kind, page, started, ended, replies.last ?? .null)
                recorder.record(done, error: replies.lazy.compactMap(\.errorMessage).first ?? "")
                if done.outcome != .acknowledged { return false }
            case .failure(let error):
                fail([(kind, page)], started, ended, error == .notSent ? .unconnected : .broken, "\(error)")
                return false
            }
        }
        return true
    }

    private func send(
        _ body: () async throws -> [RESPValue]
    ) async -> Result<[RESPValue], RedisConnectionError> {
        do {
            return .success(try await body())
        } catch let error as RedisConnectionError {
            return .failure(error)
        } catch {
            return .failure(.connectionLost(reason: "\(error)"))
        }
    }

    private func operation(
        _ kind: Operation.Kind, _ page: Int, _ started: Int64, _ ended: Int64, _ reply: RESPValue
    ) -> Operation {
        var operation = Operation(kind, page: page, started: started, ended: ended)
        switch (kind, reply) {
        case (_, .error): operation.outcome = .refused
        case (.get, _): operation.result = assignment.keys.page(of: reply.string)
        case (.put, .simpleString("OK")): break
        case (.increment, .integer(let number)), (.append, .integer(let number)):
            operation.result = .number(Int(number))
        case (.transact, .array(let results)) where results.count == 2: break
        case (.transact, .null): operation.outcome = .refused
        default: operation.result = .foreign
        }
        return operation
    }

    private func record(_ kind: Operation.Kind, _ page: Int, _ started: Int64, _ outcome: Operation.Outcome) {
        recorder.record(
            Operation(kind, page: page, started: started, ended: MonotonicClock.now(), outcome: outcome))
    }

    private func fail(
        _ kinds: [(Operation.Kind, Int)], _ started: Int64, _ ended: Int64, _ outcome: Operation.Outcome,
        _ error: String
    ) {
        let operations = kinds.map { kind, page in
            Operation(kind, page: page, started: started, ended: ended, outcome: outcome)
        }
        recorder.record(operations, error: error)
    }
}
