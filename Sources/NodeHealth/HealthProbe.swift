package import RecoveryCore

/// Looks at one thing that a web node needs.
package struct HealthProbe: Sendable {
    package var check: HealthBoard.Check
    /// Returns what there is to say when all is well; what it throws is said otherwise.
    package var look: @Sendable () async throws -> String

    package init(_ check: HealthBoard.Check, look: @escaping @Sendable () async throws -> String) {
        self.check = check
        self.look = look
    }

    /// - Returns: A finding within the check's time, unless `look` ignores that it was cancelled.
    func run() async throws(CancellationError) -> HealthBoard.Finding {
        let timeout = check.timeout
        do {
            return try await withThrowingTaskGroup(of: String.self) { group in
                group.addTask { try await look() }
                group.addTask {
                    try await Task.sleep(for: timeout)
                    throw Fault("no answer within \(timeout)")
                }
                defer { group.cancelAll() }
                return HealthBoard.Finding(isGood: true, detail: try await group.next() ?? "")
            }
        } catch {
            if Task.isCancelled { throw CancellationError() }
            return HealthBoard.Finding(isGood: false, detail: "\(error)")
        }
    }

    /// Why something is not as it should be, in one sentence.
    package struct Fault: Error, CustomStringConvertible {
        package var description: String

        package init(_ description: String) {
            self.description = description
        }
    }
}
