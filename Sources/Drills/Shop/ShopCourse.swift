internal import Foundation
internal import HAProxy
internal import LocalStack
internal import Synchronization

/// One run of a scenario of the shop: what it does, when it did it, and what a fault may cost.
final class ShopCourse: Sendable {
    let stage: ShopStage
    private let timeline = Mutex(Timeline())
    private let lost = Mutex<Loss?>(nil)
    private let allowed = Mutex<[ShopMeasures.Window]>([])
    private let progress: @Sendable (String) -> Void

    /// How long a store may take to be whole again.
    private static let healing: Duration = .seconds(60)

    init(_ stage: ShopStage, progress: @escaping @Sendable (String) -> Void) {
        self.stage = stage
        self.progress = progress
    }

    var notes: Timeline { timeline.withLock { $0 } }
    var windows: [ShopMeasures.Window] { allowed.withLock { $0 } }

    func note(_ event: String, at time: Int64 = MonotonicClock.now(), _ detail: String) {
        progress(detail.isEmpty ? event : "\(event): \(detail)")
        timeline.withLock { $0.add(event, at: time, detail) }
    }

    /// Says that a fault may cost requests for so long, and why so long.
    func allow(_ fault: String, from: Int64, for length: Duration, because: String, isPartial: Bool = true) {
        allowed.withLock {
            $0.append(.init(fault: fault, from: from, length: length, because: because, isPartial: isPartial))
        }
    }

    /// A database that was lost with what had not left it yet.
    struct Loss: Sendable {
        var fault: Int64
        var window: Duration
    }

    var loss: Loss? { lost.withLock { $0 } }

    /// Says that orders acknowledged so shortly before may be missing.
    func lose(_ loss: Loss) { lost.withLock { $0 = loss } }

    func observe(_ duration: Duration) async throws { try await Task.sleep(for: duration) }

    /// Returns when everything is as it should be.
    /// - Throws: `DrillError`, `drill.not_healed`.
    func awaitWhole() async throws {
        let whole = try await poll(every: .milliseconds(100), limit: Self.healing) {
            await stage.complaint() == nil ? true : nil
        }
        guard whole != nil else {
            throw DrillError("drill.not_healed", await stage.complaint() ?? "the store was late to be whole")
        }
        note("healed", "")
    }

    /// Starts members that have ended.
    func start(_ names: [String]) async throws {
        for name in names {
            await stage.stack.ended(name)
            try stage.stack.start(name)
        }
        note("fault.repaired", names.joined(separator: ", "))
    }

    /// Sends a signal to members and returns when they have ended; with the time at which it was sent.
    func end(_ names: [String], by signal: Int32, _ word: String) async throws -> Int64 {
        let pids = names.compactMap { stage.stack.pid(of: $0) }
        guard pids.count == names.count else {
            throw DrillError("drill.fault_not_injected", "not all of \(names.joined(separator: ", ")) are running")
        }
        let sent = MonotonicClock.now()
        for name in names { stage.stack.signal(name, signal) }
        note("fault.injected", at: sent, "\(word) \(names.joined(separator: ", "))")
        let gone = try await poll(every: .milliseconds(2), limit: .seconds(30)) {
            pids.allSatisfy { ProcessState.of($0) == .gone } ? true : nil
        }
        guard gone != nil else {
            throw DrillError("drill.fault_not_injected", "\(names.joined(separator: ", ")) survived \(word)")
        }
        note("fault.verified", "processes \(pids.map(String.init).joined(separator: ", "))")
        return sent
    }

    /// Returns when the balancer says so of a node.
    /// - Throws: `DrillError`, `drill.balancer_late`.
    func balancer(says condition: (String, Int) -> Bool, of node: String, _ what: String) async throws {
        let done = try await poll(every: .milliseconds(50), limit: .seconds(30)) {
            let line = try await stage.balanced()[node]
            return line.map { condition($0.status, $0.sessions) } == true ? true : nil
        }
        guard done != nil else { throw DrillError("drill.balancer_late", "the balancer never found \(node) \(what)") }
        note("balancer", "\(node) is \(what)")
    }
}
