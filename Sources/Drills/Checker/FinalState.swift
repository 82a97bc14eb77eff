/// What the data of one client looks like on the master after the drill, when everything has healed.
package struct FinalState: Sendable, Equatable {
    /// The pages whose own key is there, each with what it holds: `.number` with the page its value names, or `.foreign`.
    package var pages: [Int: Operation.Result]
    /// The page that the overwritten key names: `.missing`, `.number` or `.foreign`.
    package var current: Operation.Result
    /// The counter; 0 when it is missing.
    package var counter: Int
    /// The log, oldest entry first; `nil` for an entry that is no page number.
    package var log: [Int?]
    /// The list that transactions append to, in the same form.
    package var orders: [Int?]
    /// The counter that transactions raise with each of those entries.
    package var orderCount: Int
    /// Like ``pages``, of the keys on the durable prefix.
    package var pledges: [Int: Operation.Result]
    /// The counter on the durable prefix; 0 when it is missing.
    package var tally: Int

    package init(
        pages: [Int: Operation.Result] = [:], current: Operation.Result = .missing, counter: Int = 0, log: [Int?] = [],
        orders: [Int?] = [], orderCount: Int = 0, pledges: [Int: Operation.Result] = [:], tally: Int = 0
    ) {
        self.pages = pages
        self.current = current
        self.counter = counter
        self.log = log
        self.orders = orders
        self.orderCount = orderCount
        self.pledges = pledges
        self.tally = tally
    }
}
