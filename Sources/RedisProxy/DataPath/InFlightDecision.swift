/// What becomes of a command whose connection was lost before its answer came. The rules are those of
/// docs/redis.md, "Holding and replaying".
enum InFlightDecision: Equatable {
    /// Send it again, in order, to the confirmed master.
    case resend
    /// It may or may not have run, on a cache that may forget: say that it is done, and delete its keys.
    case forgive
    /// It may or may not have run: close the client's connection, never send it again.
    case unknownOutcome

    struct Situation: Equatable {
        /// The command was given to the kernel, in whole or in part.
        var handedOver: Bool
        /// Part of its answer has already gone to the client.
        var partlyAnswered: Bool
        /// The server said that it did not run it.
        var refusedByServer: Bool = false
        var rule: InFlightRule
        /// Every key of it carries a prefix that the configuration declares idempotent.
        var isIdempotent: Bool
        /// It replaces or deletes whole keys of a cache, and nothing of its client is unanswered ahead of it.
        var isForgivable = false
    }

    static func decide(_ situation: Situation) -> InFlightDecision {
        if situation.partlyAnswered { return .unknownOutcome }
        if !situation.handedOver || situation.refusedByServer { return .resend }
        switch situation.rule {
        case .resend: return .resend
        case .resendIfIdempotent: return situation.isIdempotent ? .resend : unknown(situation)
        case .never: return .unknownOutcome
        }
    }

    private static func unknown(_ situation: Situation) -> InFlightDecision {
        situation.isForgivable ? .forgive : .unknownOutcome
    }
}
