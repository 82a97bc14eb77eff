/// One operation of a drill's client, as the client saw it.
///
/// Times are nanoseconds of CLOCK_MONOTONIC, which every process of a machine shares, so the lines of a PHP client
/// and the moments of the drill itself compare directly.
package struct Operation: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// Opening the connection of a page: connect, AUTH, SELECT. Changes no data.
        case connect
        /// GET of the key that the page before wrote, over a new connection.
        case recall
        /// SET of a key of its own for each page. May be replayed: setting it twice is setting it once.
        case set
        /// SET of the one key that every page overwrites. May be replayed as well.
        case put
        /// GET of that key.
        case get
        /// INCR of the client's counter: running it twice shows, so it must never be replayed.
        case increment
        /// RPUSH of the page's number to the client's log: running it twice shows.
        case append
        /// MULTI, INCR, RPUSH of the page's number to the client's orders, EXEC. Until EXEC is sent the block may be
        /// replayed; from then on its outcome may be unknown.
        case transact
        /// SET of a key of its own for each page, on a durable prefix: acknowledged, it must survive everything.
        case pledge
        /// INCR of a counter on a durable prefix.
        case tally
        /// GET of the cart. A cache may have forgotten it; it must not remember an older one.
        case readCart = "read_cart"
        /// SET of the cart with one more item. May be replayed.
        case writeCart = "write_cart"
        /// The transaction that places an order in the shop's database, from BEGIN to COMMIT.
        case order
        /// SELECT of the order that the page has placed, for the page that thanks for it.
        case receipt
        /// A page of the shop that only shows something.
        case browse
        /// A product put into the cart, over HTTP.
        case addToCart = "add_to_cart"
        /// The page that shows the cart. The result is `missing` when something acknowledged is not in it.
        case viewCart = "view_cart"
    }

    package enum Outcome: String, Sendable {
        /// The server answered.
        case acknowledged = "ok"
        /// The server answered with an error: not executed.
        case refused
        /// Sent, and the connection broke or the answer did not come in time: whether it was executed is open.
        case broken
        /// Never sent, for there was no connection.
        case unconnected
    }

    /// What an acknowledged operation returned.
    package enum Result: Sendable, Equatable {
        /// Nothing to compare (connect, SET).
        case nothing
        /// A GET found no value.
        case missing
        /// The page whose value a GET found, or the number that INCR or RPUSH answered.
        case number(Int)
        /// A reply that cannot belong to this operation: another client's value, a damaged one, a wrong type.
        case foreign
    }

    package var kind: Kind
    /// The page the operation is about; for `recall`, the page that wrote the key.
    package var page: Int
    package var started: Int64
    package var ended: Int64
    package var outcome: Outcome
    package var result: Result

    package init(
        _ kind: Kind, page: Int, started: Int64 = 0, ended: Int64 = 0, outcome: Outcome = .acknowledged,
        result: Result = .nothing
    ) {
        self.kind = kind
        self.page = page
        self.started = started
        self.ended = ended
        self.outcome = outcome
        self.result = result
    }

    package var latency: Int64 { ended - started }
}

extension Operation.Kind {
    package var isWrite: Bool {
        switch self {
        case .set, .put, .increment, .append, .transact, .pledge, .tally, .writeCart, .order, .addToCart: true
        case .connect, .recall, .get, .readCart, .receipt, .browse, .viewCart: false
        }
    }

    /// Whether the sidecar may send the command again when its outcome is unknown: reads, and SET of a key declared
    /// idempotent. For all others the honest answer to a lost reply is an error.
    package var isReplayable: Bool {
        switch self {
        case .connect, .recall, .get, .set, .put, .readCart, .writeCart, .receipt, .browse, .viewCart: true
        case .increment, .append, .transact, .pledge, .tally, .order, .addToCart: false
        }
    }

    /// Whether its acknowledgement says that a replica has the write, too.
    package var isDurable: Bool { self == .pledge || self == .tally }
}

extension Operation {
    /// An error the client should not have seen. A broken INCR or RPUSH is none: nobody can know its outcome, so an
    /// error is the correct answer. It counts as a write with an unknown outcome instead.
    package var isError: Bool {
        switch outcome {
        case .acknowledged: false
        case .refused, .unconnected: true
        case .broken: kind.isReplayable
        }
    }

    /// A write whose outcome is open.
    package var isUnknownWrite: Bool { outcome == .broken && kind.isWrite }
}
