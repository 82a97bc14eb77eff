internal import RESP
internal import RedisClient
internal import Synchronization

/// Counts what the old master executes after another node has taken its first write as the new one.
///
/// It asks the nodes themselves, on both sides of a cut: `rdb_changes_since_last_save` grows with every change that a
/// node makes to its data, and a node whose ROLE is no longer `master` changes its data only as a replica. Asked
/// every 10 ms, so that a write of the old master is missed only if it falls between two answers.
final class OldMasterWatch: Sendable {
    private struct State {
        /// What each other node had changed when it was first seen to be a master.
        var promoted: [String: Int] = [:]
        /// What the old master had changed when the new one was first seen to have taken a write.
        var baseline: Int?
        var writes = 0
    }

    private let stage: any DrillStage
    private let old: StageNode
    private let state = Mutex(State())

    init(_ stage: any DrillStage, old: StageNode) {
        self.stage = stage
        self.old = old
    }

    /// Nil when no other node took a write.
    var writes: Int? { state.withLock { $0.baseline == nil ? nil : $0.writes } }

    /// Watches until the task is cancelled.
    func run() async {
        let probe = StackProbe(stage)
        while !Task.isCancelled {
            if state.withLock({ $0.baseline }) == nil {
                for node in stage.redis where node != old {
                    if let changes = await changes(of: node, probe) { note(node, changes) }
                }
            }
            if let changes = await changes(of: old, probe) {
                state.withLock { state in
                    guard !state.promoted.isEmpty else { return }
                    if state.baseline == nil, state.promoted.values.contains(-1) { state.baseline = changes }
                    if let baseline = state.baseline { state.writes = max(state.writes, changes - baseline) }
                }
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
    }

    /// A node that has changed something since it became master is marked with -1.
    private func note(_ node: StageNode, _ changes: Int) {
        state.withLock { state in
            guard let before = state.promoted[node.name] else {
                state.promoted[node.name] = changes
                return
            }
            if before >= 0, changes > before { state.promoted[node.name] = -1 }
        }
    }

    /// Nil when the node does not answer or is no master.
    private func changes(of node: StageNode, _ probe: StackProbe) async -> Int? {
        let info = await probe.ask(node.endpoint, stage.nodeCredentials) { connection -> String? in
            let replies = try await connection.pipeline([["INFO", "persistence"], ["ROLE"]])
            guard replies.count == 2, StackProbe.role(replies[1]) == .master else { return nil }
            return replies[0].string
        }
        return info.flatMap(Self.changes(in:))
    }

    static func changes(in info: String) -> Int? {
        let prefix = "rdb_changes_since_last_save:"
        return info.split(whereSeparator: \.isNewline).first { $0.hasPrefix(prefix) }.flatMap {
            Int($0.dropFirst(prefix.count))
        }
    }
}
