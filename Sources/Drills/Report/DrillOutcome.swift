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
    package var groups: [Group]
    package var timeline: Timeline
    /// When the last fault took effect.
    package var fault: Int64
    /// When the clients were told to stop.
    package var end: Int64
    package var verdict: Verdict

    package init(
        scenario: String, groups: [Group], timeline: Timeline, fault: Int64, end: Int64, verdict: Verdict
    ) {
        self.scenario = scenario
        self.groups = groups
        self.timeline = timeline
        self.fault = fault
        self.end = end
        self.verdict = verdict
    }
}
