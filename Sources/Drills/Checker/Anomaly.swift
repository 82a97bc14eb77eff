/// Something a client was promised and did not get.
package struct Anomaly: Sendable, Equatable {
    package enum Kind: String, Sendable, CaseIterable {
        /// An acknowledged write is missing afterwards.
        case lost
        /// A write was executed more than once.
        case duplicated
        /// A read returned something older than a write acknowledged before it.
        case staleRead = "stale_read"
        /// A reply belonged to another command or client, or was damaged.
        case foreignReply = "foreign_reply"
        /// The client was told that a write had not been executed, and it had.
        case falselyRefused = "falsely_refused"
        /// Acknowledged writes of one client took effect in another order than it sent them.
        case reordered
        /// A transaction took effect in part.
        case torn
    }

    package var kind: Kind
    package var client: Int
    package var operation: Operation.Kind
    package var page: Int
    /// How many writes are concerned: a counter that fell back by three lost three.
    package var count: Int
    /// When the promise was made: the acknowledgement of the (oldest) lost write, or of the write that a stale read
    /// missed. `nil` for the other kinds.
    package var promised: Int64?
    package var detail: String
    /// Of a stale read: it found nothing at all. A cache may do that.
    package var isForgotten = false
}
