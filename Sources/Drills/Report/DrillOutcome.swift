/// Everything one drill measured, before it is put into words.
package struct DrillOutcome: Sendable {
    /// The clients of one kind and what the checker found about them.
    package struct Group: Sendable {
        package var label: String
        package var kind: String
        package var histories: [ClientHistory]
        package var writes: Checker.Result

        package init(label: String, kind: String, histories: [ClientHistory], writes: Checker.Result) {
            self.label = label
            self.kind = kind
            self.histories = histories
            self.writes = writes
        }
    }

    package var scenario: String
    /// What a random schedule was drawn from.
    package var seed: UInt64?
    package var groups: [Group]
    package var timeline: Timeline
    /// When the last fault took effect.
    package var fault: Int64
    /// When the clients were told to stop.
    package var end: Int64
    package var verdict: Verdict
    /// How long a client waits for an answer before it counts as hung.
    package var patience: Duration?

    package init(
        scenario: String, seed: UInt64? = nil, groups: [Group], timeline: Timeline, fault: Int64, end: Int64,
        verdict: Verdict, patience: Duration? = nil
    ) {
        self.scenario = scenario
        self.seed = seed
        self.patience = patience
        self.groups = groups
        self.timeline = timeline
        self.fault = fault
        self.end = end
        self.verdict = verdict
    }
}
