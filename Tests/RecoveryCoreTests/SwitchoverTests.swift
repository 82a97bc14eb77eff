import Testing

@testable import RecoveryCore

@Suite struct SwitchoverTests {
    @Test func theCourse() {
        var scene = SwitchoverScene()
        scene.run()
        #expect(
            scene.actions == [
                .survey, .claim, .hold, .mark, .pause(.milliseconds(600)), .compare, .announce("a"),
                .request("a"), .watch, .repoint(["m", "y"], to: "x"), .release, .confirm("x"),
                .finish, .report(.switched("x", isConfirmed: true)),
            ])
        #expect(scene.machine.epoch == 4)
    }

    @Test func aTargetIsPreferredAndNobodyForbidden() {
        var scene = SwitchoverScene(target: "y")
        let survey = steadySurvey { $0.replicas[0].state?.priority = 1 }
        scene.run(survey) { _, action, _ in action == .watch ? .watched(.promoted("y")) : nil }
        #expect(scene.actions.contains(.prefer(["y": 1, "x": 2])))
        #expect(scene.outcome == .switched("y", isConfirmed: true))
    }

    @Test func aTargetThatIsPreferredAlreadyNeedsNothing() {
        var scene = SwitchoverScene(target: "x")
        scene.run(steadySurvey { $0.replicas[0].state?.priority = 1 })
        #expect(!scene.actions.contains { if case .prefer = $0 { true } else { false } })
    }

    /// Shortly after a failover a Sentinel knows nothing of its replicas but their addresses.
    @Test func nobodyIsHeldForASentinelThatWouldDecline() {
        func outcome(target: String? = nil, _ unselectable: Set<String>) -> Course.Outcome? {
            var scene = SwitchoverScene(target: target)
            scene.run(
                steadySurvey { survey in
                    for index in survey.sentinels.indices where survey.sentinels[index].runID == "A" {
                        survey.sentinels[index].unselectable = unselectable
                    }
                })
            return scene.outcome
        }
        #expect(outcome(["x", "y"]) == .refused(.notSelectable))
        #expect(outcome(target: "x", ["x"]) == .refused(.notSelectable))
        #expect(outcome(["y"]) == .switched("x", isConfirmed: true))
    }

    /// A Sentinel that has not asked since the node was a master makes it a replica again, right after its promotion.
    @Test(arguments: ["A", "B"])
    func nobodyIsPromotedWhomASentinelWouldDemote(sentinel: String) {
        func outcome(target: String? = nil, _ mistaken: Set<String>) -> Course.Outcome? {
            var scene = SwitchoverScene(target: target)
            scene.run(
                steadySurvey { survey in
                    for index in survey.sentinels.indices where survey.sentinels[index].runID == sentinel {
                        survey.sentinels[index].mistaken = mistaken
                    }
                })
            return scene.outcome
        }
        #expect(outcome(["y"]) == .refused(.sentinelMistaken))
        #expect(outcome(target: "y", ["y"]) == .refused(.sentinelMistaken))
        #expect(outcome(target: "x", ["y"]) == .switched("x", isConfirmed: true))
    }

    /// The pause ends well before the Sentinels could take the master for dead.
    @Test(arguments: [(500, 250), (1_000, 500), (1_200, 600), (30_000, 600)])
    func thePauseIsLessThanDownAfter(downAfter: Int, pause: Int) {
        var scene = SwitchoverScene()
        scene.run(steadySurvey { $0.downAfter = .milliseconds(downAfter) })
        #expect(scene.actions.contains(.pause(.milliseconds(pause))))
    }

    // MARK: Failures

    /// The number of the request among the actions of a course without a target.
    private static let request = 7

    @Test(arguments: 0..<request) func aFailureBeforeTheRequestIsUndone(step: Int) {
        var scene = SwitchoverScene()
        scene.run { count, _, _ in count == step ? .failed("it broke") : nil }
        Self.expectUndone(scene, touched: step > 0)
    }

    @Test(arguments: 0..<request) func anInterruptionBeforeTheRequestIsUndone(step: Int) {
        var scene = SwitchoverScene()
        scene.run { count, _, _ in count == step ? .interrupted : nil }
        Self.expectUndone(scene, touched: true)
    }

    @Test(arguments: 0..<request) func anAnswerToNothingIsUndone(step: Int) {
        var scene = SwitchoverScene()
        scene.run { count, _, _ in count == step ? .watched(.promoted("x")) : nil }
        Self.expectUndone(scene, touched: step > 0)
    }

    /// No Sentinel was asked, and what was changed was put back.
    private static func expectUndone(_ scene: SwitchoverScene, touched: Bool) {
        #expect(!scene.actions.contains { if case .request = $0 { true } else { false } })
        #expect(scene.actions.contains(.undo) == touched)
        if case .undone? = scene.outcome {} else { Issue.record("it ended with \(String(describing: scene.outcome))") }
    }

    /// From the request on an interruption changes nothing.
    @Test(arguments: request..<13) func anInterruptionAfterTheRequestIsTooLate(step: Int) {
        var scene = SwitchoverScene()
        var isIgnored = false
        scene.run { count, action, scene in
            guard count == step else { return nil }
            isIgnored = scene.machine.isCommitted && scene.machine.handle(.interrupted, now: scene.now) == nil
            return SwitchoverScene.answer(to: action, steadySurvey())
        }
        #expect(isIgnored)
        #expect(scene.outcome == .switched("x", isConfirmed: true))
    }

    /// From the request on nothing that fails leads back, and every sidecar is let go.
    @Test(arguments: [
        (request, true), (8, true), (9, true), (10, true), (11, false), (12, true),
    ]) func aFailureAfterTheRequestGoesForward(step: Int, isConfirmed: Bool) {
        var scene = SwitchoverScene()
        scene.run { count, _, _ in count == step ? .failed("it broke") : nil }
        #expect(!scene.actions.contains(.undo))
        #expect(scene.actions.contains(.release))
        #expect(scene.actions.contains(.finish))
        #expect(scene.outcome == .switched("x", isConfirmed: isConfirmed))
    }

    @Test func aSentinelThatDeclinesIsUndone() {
        var scene = SwitchoverScene()
        scene.run { _, action, _ in
            if case .request = action { .answered(.rejected("NOGOODSLAVE")) } else { nil }
        }
        #expect(scene.actions.suffix(2).first == .undo)
        #expect(scene.outcome == .undone(at: "request", "the Sentinel declined: NOGOODSLAVE"))
    }

    @Test(arguments: [RequestAnswer.inProgress, .lost]) func aRequestThatMayHaveActedIsWaitedFor(answer: RequestAnswer)
    {
        var scene = SwitchoverScene()
        scene.run { _, action, _ in
            if case .request = action { .answered(answer) } else { nil }
        }
        #expect(scene.outcome == .switched("x", isConfirmed: true))
    }

    @Test func aFailoverThatIsGivenUpIsUndone() {
        var scene = SwitchoverScene()
        scene.run { _, action, _ in action == .watch ? .watched(.givenUp) : nil }
        #expect(scene.actions.contains(.undo))
        #expect(scene.outcome == .undone(at: "promotion", "the Sentinel gave the failover up"))
    }

    @Test func aPromotionThatNeverComesIsNotCalledUndone() {
        var scene = SwitchoverScene()
        scene.run { _, action, scene in
            guard action == .watch else { return nil }
            scene.now += .milliseconds(40)
            return .watched(.pending)
        }
        #expect(!scene.actions.contains(.undo))
        #expect(scene.actions.contains(.finish))
        if case .unknown? = scene.outcome {} else { Issue.record("it ended with \(String(describing: scene.outcome))") }
    }

    @Test func sidecarsGoOnAlthoughNoReplicaFollowsYet() {
        var scene = SwitchoverScene()
        scene.run { _, action, _ in
            if case .repoint = action { .repointed(isWritable: false) } else { nil }
        }
        let count = scene.actions.count { if case .repoint = $0 { true } else { false } }
        #expect(count > 10 && count < 60)
        #expect(scene.outcome == .switched("x", isConfirmed: true))
    }

    // MARK: Time

    @Test func clientsDoNotWaitForASlowDrain() {
        var scene = SwitchoverScene()
        scene.run { _, action, scene in
            guard action == .hold else { return nil }
            scene.now += .milliseconds(50)
            return .held(inFlight: 2)
        }
        #expect(scene.outcome == .undone(at: "hold", "2 commands were still without an answer"))
        #expect(scene.actions.count { $0 == .hold } < 10)
    }

    @Test func clientsDoNotWaitForASlowReplica() {
        var scene = SwitchoverScene()
        scene.run { _, action, _ in action == .compare ? .compared(isEqual: false) : nil }
        #expect(scene.outcome == .undone(at: "compare", "no replica caught up with the paused master"))
    }

    @Test(arguments: [3, 6]) func aLateAnswerIsUndone(step: Int) {
        var scene = SwitchoverScene()
        scene.run { count, action, scene in
            if count == step { scene.now += .seconds(1) }
            return nil
        }
        Self.expectUndone(scene, touched: true)
    }
}
