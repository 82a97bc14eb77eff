/// Everything one client did, in order.
package struct ClientHistory: Sendable, Equatable {
    /// The number of the client within its drill; part of its keys and values.
    package var client: Int
    package var operations: [Operation]
    /// How often each error text was seen, to show what the clients' errors were.
    package var errors: [String: Int]

    /// The client had to be stopped within an operation that it never reported: one more write may be there.
    package var interrupted = false

    package init(client: Int, operations: [Operation] = [], errors: [String: Int] = [:]) {
        self.client = client
        self.operations = operations
        self.errors = errors
    }

    /// Adds an operation and, for one that was not acknowledged, its error text.
    package mutating func record(_ operation: Operation, error: String = "") {
        operations.append(operation)
        if operation.outcome != .acknowledged {
            errors["\(operation.kind.rawValue): \(error.isEmpty ? operation.outcome.rawValue : error)", default: 0] += 1
        }
    }
}
