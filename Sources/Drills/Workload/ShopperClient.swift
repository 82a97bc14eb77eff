internal import NIOCore
internal import RESP
internal import RedisClient

/// A connection of this process that works like a shopper's session, page after page: it reads its cart from the
/// cache, adds an item and writes it back, and makes two writes that must survive everything.
///
/// The cart's database is the client itself: it goes on from the newest cart it wrote, whatever the cache says.
package struct ShopperClient: Sendable {
    private let assignment: ClientAssignment
    private let recorder: ClientRecorder

    package init(_ assignment: ClientAssignment, recorder: ClientRecorder) {
        self.assignment = assignment
        self.recorder = recorder
    }

    /// Runs until `stop` opens. Every page has a connection of its own, as in PHP.
    package func run(until stop: Gate) async throws {
        guard case .address(let address) = assignment.route else {
            throw DrillError("drill.route", "shoppers know no Sentinels")
        }
        var page = 1
        while !stop.isOpen, !Task.isCancelled {
            if let connection = await connect(to: address, page: page) {
                await view(page, over: connection)
                connection.abandon()
                page += 1
            }
            // Visitors pause between two pages; after a refused connection this also keeps the loop from spinning.
            try? await Task.sleep(for: assignment.group.pause)
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
            recorder.record(Operation(.connect, page: page, started: started, ended: MonotonicClock.now()))
            return connection
        } catch {
            recorder.record(
                Operation(.connect, page: page, started: started, ended: MonotonicClock.now(), outcome: .unconnected),
                error: "\(error)")
            return nil
        }
    }

    /// An operation that fails ends the page, as an exception does in PHP.
    private func view(_ page: Int, over connection: RedisConnection) async {
        let keys = assignment.keys
        let commands: [(Operation.Kind, [String])] = [
            (.readCart, ["GET", keys.cart]),
            (.writeCart, ["SET", keys.cart, keys.value(page: page, size: 256 + page % 512)]),
            (.pledge, ["SET", keys.pledge(page), keys.value(page: page, size: 64)]),
            (.tally, ["INCR", keys.tally]),
        ]
        for (kind, command) in commands {
            guard await perform(kind, page, command, over: connection) else { return }
        }
    }

    private func perform(
        _ kind: Operation.Kind, _ page: Int, _ command: [String], over connection: RedisConnection
    ) async -> Bool {
        var operation = Operation(kind, page: page, started: MonotonicClock.now())
        var text = ""
        do {
            let reply = try await connection.send(command)
            operation.ended = MonotonicClock.now()
            if let message = reply.errorMessage {
                // The master may have executed a durable write that too few replicas confirmed: its outcome is open.
                operation.outcome = kind.isDurable ? .broken : .refused
                text = message
            } else {
                operation.result = result(of: kind, reply)
            }
        } catch {
            operation.ended = MonotonicClock.now()
            operation.outcome = (error as? RedisConnectionError) == .notSent ? .unconnected : .broken
            text = "\(error)"
        }
        recorder.record(operation, error: text)
        return operation.outcome == .acknowledged
    }

    private func result(of kind: Operation.Kind, _ reply: RESPValue) -> Operation.Result {
        switch (kind, reply) {
        case (.readCart, _): assignment.keys.page(of: reply.string)
        case (.writeCart, .simpleString("OK")), (.pledge, .simpleString("OK")): .nothing
        case (.tally, .integer(let number)): .number(Int(number))
        default: .foreign
        }
    }
}
