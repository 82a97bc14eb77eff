/// What happened in a drill and when, counted from the fault.
package struct Timeline: Sendable, Equatable {
    package struct Entry: Sendable, Equatable {
        /// CLOCK_MONOTONIC, nanoseconds.
        package var time: Int64
        /// A stable name for scripts, such as `fault.injected`.
        package var event: String
        /// The particulars for people.
        package var detail: String

        package init(time: Int64, event: String, detail: String) {
            self.time = time
            self.event = event
            self.detail = detail
        }
    }

    /// Sorted by time.
    package private(set) var entries: [Entry] = []

    package init() {}

    /// Adds an event at its place; observers report theirs a little late.
    package mutating func add(_ event: String, at time: Int64, _ detail: String) {
        let entry = Entry(time: time, event: event, detail: detail)
        let place = entries.lastIndex { $0.time <= time }.map { $0 + 1 } ?? 0
        entries.insert(entry, at: place)
    }

    /// When the first event of that name happened.
    package func time(of event: String) -> Int64? {
        entries.first { $0.event == event }?.time
    }
}
