import Testing

@testable import RedisProxy

/// The table of docs/redis.md, "Holding and replaying", case by case.
@Suite struct InFlightDecisionTests {
    @Test(arguments: InFlightRule.allRules, [true, false])
    func whatWasNotHandedOverIsSentAgain(rule: InFlightRule, idempotent: Bool) {
        let situation = InFlightDecision.Situation(
            handedOver: false, partlyAnswered: false, rule: rule, isIdempotent: idempotent)
        #expect(InFlightDecision.decide(situation) == .resend)
    }

    @Test(arguments: InFlightRule.allRules, [true, false])
    func whatTheServerRefusedIsSentAgain(rule: InFlightRule, idempotent: Bool) {
        let situation = InFlightDecision.Situation(
            handedOver: true, partlyAnswered: false, refusedByServer: true, rule: rule, isIdempotent: idempotent)
        #expect(InFlightDecision.decide(situation) == .resend)
    }

    @Test(arguments: InFlightRule.allRules, [true, false])
    func whatWasPartlyAnsweredNeverIs(rule: InFlightRule, idempotent: Bool) {
        let situation = InFlightDecision.Situation(
            handedOver: true, partlyAnswered: true, rule: rule, isIdempotent: idempotent)
        #expect(InFlightDecision.decide(situation) == .unknownOutcome)
    }

    @Test(arguments: [
        (InFlightRule.resend, false, InFlightDecision.resend),
        (.resend, true, .resend),
        (.resendIfIdempotent, false, .unknownOutcome),
        (.resendIfIdempotent, true, .resend),
        (.never, false, .unknownOutcome),
        (.never, true, .unknownOutcome),
    ])
    func inFlight(rule: InFlightRule, idempotent: Bool, decision: InFlightDecision) {
        let situation = InFlightDecision.Situation(
            handedOver: true, partlyAnswered: false, rule: rule, isIdempotent: idempotent)
        #expect(InFlightDecision.decide(situation) == decision)
    }
}

extension InFlightRule {
    static let allRules: [InFlightRule] = [.resend, .resendIfIdempotent, .never]
}

@Suite struct TransientErrorTests {
    @Test(arguments: [
        ("-READONLY You can't write against a read only replica.\r\n", TransientError.wrongServer),
        ("-READONLY You can't write against a read only replica. script: 4ca2, on @user_script:1.\r\n", .wrongServer),
        ("-LOADING Redis is loading the dataset in memory\r\n", .wrongServer),
        ("-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n", .wrongServer),
        (
            "-UNBLOCKED force unblock from blocking operation, instance state changed (master -> replica?)\r\n",
            .wrongServer
        ),
        ("-NOREPLICAS Not enough good replicas to write.\r\n", .tryLater),
        ("-BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.\r\n", .tryLater),
        ("-TRYAGAIN Multiple keys request during rehashing of slot\r\n", .tryLater),
    ])
    func recognisesWhatTheServerDidNotRun(text: String, kind: TransientError) {
        #expect(Array(text.utf8).withUnsafeBytes { TransientError.recognise($0) } == kind)
    }

    /// A script may answer any error after it has changed data: its words are not Redis' own.
    @Test(arguments: [
        "-READONLY no more of this\r\n", "-BUSY elsewhere\r\n", "-LOADING the truck\r\n", "-ERR LOADING Redis is\r\n",
        "$8\r\n-LOADING\r\n", "+OK\r\n", "-\r\n", "",
    ])
    func isNotFooledByOtherErrors(text: String) {
        #expect(Array(text.utf8).withUnsafeBytes { TransientError.recognise($0) } == nil)
    }
}
