internal import MySQLClient

/// A shopper who places an order with each page, and looks at it on the page that thanks for it.
struct OrderClient: Sendable {
    var number: Int
    var shop: ShopFront
    /// Between two pages.
    var pause: Duration
    var recorder: ClientRecorder

    /// Runs until `stop` opens and the page is done, or the task is cancelled.
    func run(until stop: Gate) async {
        var page = 0
        while !stop.isOpen, !Task.isCancelled {
            page += 1
            await visit(page)
            try? await Task.sleep(for: pause)
        }
    }

    private func visit(_ page: Int) async {
        let started = MonotonicClock.now()
        do {
            let connection = try await shop.connect()
            record(.connect, page, started, .acknowledged)
            let order = OrderText(client: number, page: page)
            if let id = await place(order, on: connection) { await look(at: order, id, on: connection) }
            await connection.close()
        } catch {
            record(.connect, page, started, .unconnected, error)
        }
    }

    /// The number of the order, when it was acknowledged.
    private func place(_ order: OrderText, on connection: MySQLConnection) async -> UInt64? {
        let started = MonotonicClock.now()
        // Until COMMIT is sent, a broken connection means that the order was not placed.
        var isCommitting = false
        do {
            _ = try await connection.query("BEGIN")
            let id = try await connection.query(order.placeholder).lastInsertID
            var firstItem: UInt64 = 0
            for statement in order.order(id) { firstItem = try await connection.query(statement).lastInsertID }
            _ = try await connection.query(order.itemMeta(firstItem))
            isCommitting = true
            _ = try await connection.query("COMMIT")
            record(.order, order.page, started, .acknowledged)
            return id
        } catch {
            let kind = (error as? MySQLError)?.kind
            let isOpen = isCommitting && [.connectionLost, .timedOut, .malformed, nil].contains(kind)
            record(.order, order.page, started, isOpen ? .broken : .refused, error)
            return nil
        }
    }

    private func look(at order: OrderText, _ id: UInt64, on connection: MySQLConnection) async {
        let started = MonotonicClock.now()
        do {
            let count = try await connection.query(order.receipt(id)).text()
            let result: Operation.Result = count == "1" ? .number(order.page) : .missing
            record(.receipt, order.page, started, .acknowledged, result: result)
        } catch {
            record(.receipt, order.page, started, .broken, error)
        }
    }

    private func record(
        _ kind: Operation.Kind, _ page: Int, _ started: Int64, _ outcome: Operation.Outcome,
        _ error: (any Error)? = nil,
        result: Operation.Result = .nothing
    ) {
        recorder.record(
            Operation(
                kind, page: page, started: started, ended: MonotonicClock.now(), outcome: outcome, result: result),
            error: error.map { "\($0)" } ?? "")
    }
}
