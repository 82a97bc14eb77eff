import NIOCore
import RedisClient

/// When a cache's sidecars go back to a master after all of Redis was away. Pure.
///
/// They find it at different moments. Were each to go back by itself, pages through one would cache what pages through
/// another, which still forgets its writes, have changed since: an older state, shown for as long as that lasts.
enum DegradedReturn {
    /// How long the others are waited for: a cache that stays empty costs time, an old one costs goods.
    static let patience = TimeAmount.seconds(60)
    /// How long a peer has to answer.
    static let answerWithin = TimeAmount.milliseconds(250)
    /// Questions in a row without an answer after which a peer serves nobody, or nobody hears of it.
    static let silences = 3

    /// What is known of another sidecar.
    struct Peer: Equatable {
        /// What it said last; nil before that.
        var isWaiting: Bool?
        /// Questions since then that it did not answer.
        var silences = 0

        mutating func answered(_ degradation: Degradation?) { self = Peer(isWaiting: degradation == .waiting) }
        mutating func kept() { silences += 1 }

        /// Whether it may still forget writes.
        var mustBeAwaited: Bool { silences < DegradedReturn.silences && isWaiting ?? true }
    }

    /// Between two questions: what one sidecar may be ahead of another. Slower after a while, for a peer takes only so
    /// many questions.
    static func pace(waited: TimeAmount) -> Duration {
        waited < .seconds(2) ? .milliseconds(20) : .milliseconds(100)
    }

    /// `waited` is the time since the first question.
    static func isAllowed(_ peers: [Peer], waited: TimeAmount) -> Bool {
        waited >= patience || !peers.contains(where: \.mustBeAwaited)
    }
}
