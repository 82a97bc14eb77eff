import NIOCore

/// Until when one connection may answer what it was given before its master came into doubt.
///
/// A network that drops packets resets nothing, and when it heals TCP waits for up to as long again before it sends
/// anew. So the deadline outlives the doubt: it ends only with the answers.
struct AnswerDeadline {
    private var doubt: (began: NIODeadline, due: NIODeadline)?

    /// The master is in doubt from `now` on. `oldest` is when the oldest command in flight arrived, nil without one.
    mutating func beginDoubt(at now: NIODeadline, hold: TimeAmount, oldest: NIODeadline?) {
        // What an earlier doubt left unanswered gets no second hold.
        guard due(oldest: oldest) == nil else { return }
        doubt = (now, now + hold)
    }

    /// When the oldest command in flight must be answered; nil when no doubt concerns it.
    func due(oldest: NIODeadline?) -> NIODeadline? {
        guard let doubt, let oldest, oldest <= doubt.began else { return nil }
        return doubt.due
    }
}
