import Testing

@testable import RecoveryCore

/// One row for each reason not to begin.
struct SwitchoverCase: Sendable, CustomTestStringConvertible {
    var name: String
    var refusal: SwitchoverRefusal
    var target: String?
    var change: @Sendable (inout Course.Survey) -> Void

    init(
        _ name: String, _ refusal: SwitchoverRefusal, target: String? = nil,
        _ change: @escaping @Sendable (inout Course.Survey) -> Void = { _ in }
    ) {
        self.name = name
        self.refusal = refusal
        self.target = target
        self.change = change
    }

    var testDescription: String { name }

    static let all: [SwitchoverCase] = [
        SwitchoverCase("no Sentinel answers", .noSentinelMajority) { $0.sentinels = [] },
        SwitchoverCase("one of three Sentinels answers", .noSentinelMajority) { $0.sentinels.removeLast(2) },
        SwitchoverCase("a Sentinel names another master", .sentinelsDisagree) { $0.sentinels[2].master = "x" },
        SwitchoverCase("a Sentinel knows another epoch", .sentinelsDisagree) { $0.sentinels[0].epoch = 4 },
        SwitchoverCase("a failover is under way", .failoverUnderWay) { $0.sentinels[0].failoverPending = true },
        SwitchoverCase("a Sentinel has no quorum", .noQuorum) { $0.sentinels[0].hasQuorum = false },
        SwitchoverCase("down-after is too short", .downAfterTooShort) { $0.downAfter = .milliseconds(400) },
        SwitchoverCase("the master does not serve", .masterDoesNotServe) { $0.masterOffset = nil },
        SwitchoverCase("there is no replica", .noReplica) { $0.replicas = [] },
        SwitchoverCase("no replica answers", .noCandidate) { survey in
            for index in survey.replicas.indices { survey.replicas[index].state = nil }
        },
        SwitchoverCase("no replica is linked", .noCandidate) { survey in
            for index in survey.replicas.indices { survey.replicas[index].state?.isLinkUp = false }
        },
        SwitchoverCase("no replica may be promoted", .noCandidate) { survey in
            for index in survey.replicas.indices { survey.replicas[index].state?.priority = 0 }
        },
        SwitchoverCase("the replicas follow somebody else", .noCandidate) { survey in
            for index in survey.replicas.indices { survey.replicas[index].state?.master = "z" }
        },
        SwitchoverCase("nobody would follow the new master", .tooFewReplicas) { survey in
            survey.minReplicas = 3
        },
        SwitchoverCase("every replica is behind", .lagging(bytes: 5_000_000)) { $0.masterOffset = 5_000_990 },
        SwitchoverCase("the target is unknown", .targetUnknown, target: "z"),
        SwitchoverCase("the target is the master", .targetIsMaster, target: "m"),
        SwitchoverCase("the target is dead", .targetDoesNotFollow, target: "y") { $0.replicas[1].state = nil },
        SwitchoverCase("the target is not linked", .targetDoesNotFollow, target: "y") {
            $0.replicas[1].state?.isLinkUp = false
        },
        SwitchoverCase("the target is never promoted", .targetNeverPromoted, target: "y") {
            $0.replicas[1].state?.priority = 0
        },
        SwitchoverCase("the target is behind", .lagging(bytes: 2_000_000), target: "y") { survey in
            survey.masterOffset = 2_000_990
            survey.replicas[0].state?.offset = 2_000_990
        },
        SwitchoverCase("there are no sidecars", .noSidecar) { $0.sidecars = [] },
        SwitchoverCase("a sidecar does not answer", .sidecarSilent("web-2", "no answer in time")) {
            $0.sidecars[1] = SidecarView("web-2", nil, reason: "no answer in time")
        },
        SwitchoverCase("a sidecar follows another master", .sidecarDisagrees("web-1")) {
            $0.sidecars[0].state?.master = "x"
        },
        SwitchoverCase("a sidecar knows another epoch", .sidecarDisagrees("web-1")) {
            $0.sidecars[0].state?.epoch = 2
        },
        SwitchoverCase("another switchover is under way", .anotherSwitchover("web-1", "other")) {
            $0.sidecars[0].state?.barrier = "other"
        },
        SwitchoverCase("the strict rule needs a longer hold", .holdTooShort("web-2")) {
            $0.sidecars[1].state?.earlyRelease = false
        },
    ]
}

@Suite struct SwitchoverGuardTests {
    @Test(arguments: SwitchoverCase.all) func blocks(row: SwitchoverCase) {
        var scene = SwitchoverScene(target: row.target)
        scene.run(steadySurvey(row.change))
        #expect(scene.outcome == .refused(row.refusal))
        // Nothing was touched, so there is nothing to undo.
        #expect(scene.actions.count == 2)
        #expect(!row.refusal.explanation.isEmpty && !row.refusal.hint.isEmpty)
    }

    @Test func codesAreDifferent() {
        let codes = SwitchoverCase.all.map(\.refusal.code)
        #expect(Set(codes).count == 19)
    }

    @Test func aNamedSidecarMayBeMissing() {
        let survey = steadySurvey { $0.sidecars[1] = SidecarView("web-2", nil, reason: "dead") }
        var scene = SwitchoverScene(without: ["web-2"])
        scene.run(survey)
        #expect(scene.outcome == .switched("x", isConfirmed: true))
        // Not all of them, though: nobody would hold.
        let none = steadySurvey { $0.sidecars = [SidecarView("web-2", nil, reason: "dead")] }
        scene = SwitchoverScene(without: ["web-2"])
        scene.run(none)
        #expect(scene.outcome == .refused(.noSidecar))
    }

    @Test func aReplicaMayBeMissingWhenAnotherFollows() {
        var scene = SwitchoverScene()
        scene.run(steadySurvey { $0.replicas[1].state = nil })
        #expect(scene.outcome == .switched("x", isConfirmed: true))
    }

    @Test func theStrictRuleIsFineWithALongHold() {
        var scene = SwitchoverScene()
        scene.run(
            steadySurvey { survey in
                for index in survey.sidecars.indices {
                    survey.sidecars[index].state?.earlyRelease = false
                    survey.sidecars[index].state?.hold = .seconds(5)
                }
            })
        #expect(scene.outcome == .switched("x", isConfirmed: true))
    }
}
