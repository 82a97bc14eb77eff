package import NIOCore

/// Decides which master to trust. A value: events and the time go in, actions come out, nothing else happens.
///
/// Safety, stated before the code:
/// 1. A master is published only if a majority of the known Sentinels, each counted once by its run id, heard lately
///    and on a live connection, names its address at one config-epoch, and the node itself says `ROLE master` and
///    answers `PING`.
/// 2. The published epoch never falls, not even below one that a majority named and that was not confirmed yet. At the same epoch the address changes only if the published node itself says
///    that it is a replica now.
/// 3. A doubted master is published again only after a `ROLE master` asked *after* the doubt arose, and not while a
///    Sentinel speaks of a newer epoch or of a failover under way (for ``Timing/dissentGrace`` at most, so that one
///    erring Sentinel cannot keep a good master away).
/// 4. Losing the majority takes nothing back for as long as ``Timing/selfFence`` allows. Then the published master is
///    given up, until a majority heard after that names one: the others may have elected another. See
///    `SentinelTracker+SelfFence.swift`.
/// 5. The published master is doubted as soon as a Sentinel that counts announces which node it promotes and reports
///    the failover itself. A master that still lives goes on taking writes for about a second after the promotion,
///    until it hears of it, and loses them all.
///
/// 6. The one exception from 1, when early release is on: after an assisted failover was asked of a Sentinel, the node
///    that this Sentinel selected, after it had announced a higher epoch, is published as *provisional* once it says
///    `ROLE master`. Another node that a majority names at that epoch or a higher one replaces it (quarantine), and so
///    does the former master when a majority still names that one and the provisional node says that it is a replica
///    again. See
///    `SentinelTracker+Assisted.swift`.
///
/// The majority's denominator is the number of *known* Sentinels: those configured, and those that a majority of the
/// known ones list. One that a majority of the known ones stops listing for ``Timing/pruneAfter`` leaves the
/// denominator, unless it is configured and answers. A configured Sentinel that has never answered counts as one
/// unless a listed identity can be taken for it. See `SentinelTracker+Sentinels.swift`.
package struct SentinelTracker: Sendable {
    /// What happened.
    package enum Event: Equatable, Sendable {
        case started
        /// The connection to a followed Sentinel is up; a poll may be sent.
        case connected(RedisEndpoint)
        /// It could not be made, or was lost. The driver goes on trying by itself.
        case disconnected(RedisEndpoint, SentinelExclusion)
        /// Its announcements arrive from now on. Ends with the connection.
        case subscribed(RedisEndpoint)
        /// The answer to one poll.
        case reported(RedisEndpoint, SentinelReport)
        /// The answer to one poll, when it cannot be used.
        case unusable(RedisEndpoint, SentinelExclusion)
        case hint(RedisEndpoint, SentinelHint)
        /// The answer to one ``Action/checkRole(_:)``.
        case role(RedisEndpoint, RoleAnswer)
        /// The data path had trouble with this node.
        case suspect(RedisEndpoint)
        /// This Sentinel is about to be asked for an assisted failover of this master, or already was by another
        /// observer.
        case requested(RedisEndpoint, master: RedisEndpoint)
        /// The Sentinel declined: nothing will come of the request.
        case declined(RedisEndpoint)
        /// Whoever was about to ask this Sentinel is gone: perhaps it was asked, perhaps not.
        case abandoned(RedisEndpoint)
        /// ``nextWake`` has come.
        case tick
    }

    /// What the driver is to do. Every ``poll(_:peers:)`` is answered by `reported`, `unusable` or `disconnected`, and
    /// every ``checkRole(_:)`` by `role`.
    package enum Action: Equatable, Sendable {
        /// Connect, subscribe, and keep reconnecting until told to ``unfollow(_:)``.
        case follow(RedisEndpoint)
        case unfollow(RedisEndpoint)
        case poll(RedisEndpoint, peers: Bool)
        case checkRole(RedisEndpoint)
        /// No more role checks of this node for now: its connection may be closed.
        case forgetRole(RedisEndpoint)
        case publish(MasterPhase)
        /// The node that the asked Sentinel selected says that it is a master. Given once for each request.
        case promoted(RedisEndpoint)
        case note(Note)
    }

    /// Something for the log that no other action tells.
    package enum Note: Equatable, Sendable {
        case discovered(RedisEndpoint, runID: String)
        case pruned(RedisEndpoint, runID: String)
        case excluded(RedisEndpoint, SentinelExclusion)
        case readmitted(RedisEndpoint)
        /// A majority names a state with a lower epoch than the published one. It is not followed.
        case regressed(MasterState)
        /// A provisional master was replaced: what was written to it may be lost.
        case quarantined(MasterState, by: MasterState)
    }

    /// How often and how long. Times of a day's operation; tests use them too.
    package struct Timing: Equatable, Sendable {
        /// Between polls of a Sentinel while all is well.
        package var slowPoll: TimeAmount = .seconds(1)
        /// Between polls while there is doubt, for the first ``urgentFor``, then ``fastPollLater`` up to ``hurriedFor``.
        package var fastPoll: TimeAmount = .milliseconds(50)
        package var fastPollLater: TimeAmount = .milliseconds(250)
        /// Between `ROLE` checks of the published master while all is well.
        package var roleInterval: TimeAmount = .milliseconds(250)
        /// Between `ROLE` checks of a candidate or a doubted master, likewise.
        package var rolePoll: TimeAmount = .milliseconds(15)
        package var rolePollLater: TimeAmount = .milliseconds(250)
        package var urgentFor: TimeAmount = .seconds(3)
        package var hurriedFor: TimeAmount = .seconds(60)
        /// How long one report counts as a vote.
        package var voteLifetime: TimeAmount = .seconds(5)
        /// How fresh a `ROLE master` must be that was asked before its node was named by a majority.
        package var roleLifetime: TimeAmount = .milliseconds(100)
        package var dissentGrace: TimeAmount = .seconds(10)
        package var pruneAfter: TimeAmount = .seconds(10)
        /// Between requests for the list of Sentinels, while all is well and otherwise.
        package var peersEvery: TimeAmount = .seconds(5)
        package var peersEveryHurried: TimeAmount = .milliseconds(500)

        /// Whether writes may go to an assisted failover's new master before a majority names it.
        package var earlyRelease = true
        /// How long a request for an assisted failover is taken to explain what its Sentinel announces.
        package var requestLifetime: TimeAmount = .seconds(10)
        /// How long the published master is used without word of a majority of the Sentinels. Less than their
        /// `down-after`, before which they elect no other. Nil for as long as it serves.
        package var selfFence: TimeAmount?

        package init() {}
    }

    /// Bounds on what peers can make the tracker remember.
    static let maximumSentinels = 64

    struct Sentinel: Sendable {
        var endpoint: RedisEndpoint
        var isConfigured: Bool
        var runID: String?
        var isConnected = false
        var isSubscribed = false
        /// Has reported on the present connection: what it said on a former one is not its word any more, for another
        /// Sentinel may have taken its place.
        var isHeard = false
        /// The last usable report, kept for the status also when it no longer counts.
        var report: SentinelReport?
        var reportAt: NIODeadline?
        /// When the question was asked that it last answered.
        var heardAt: NIODeadline?
        /// When its host last refused the connection.
        var refusedAt: NIODeadline?
        var peers: [SentinelPeer]?
        var peersAt: NIODeadline?
        var failure: SentinelExclusion?
        var duplicateOf: RedisEndpoint?
        /// The newest epoch it announced on the present connection.
        var announcedEpoch: UInt64?
        /// The node it selected last, with the epoch announced before.
        var selected: Selection?
        /// Since when it has spoken, without a break, of an epoch above the majority's or of a pending failover.
        var dissentSince: NIODeadline?
        var isPolled = false
        var polledAt: NIODeadline?
        var nextPoll: NIODeadline
        var lastNoted: SentinelExclusion?
    }

    /// A Sentinel that counts in the denominator.
    struct Identity: Sendable {
        var endpoint: RedisEndpoint
        var unlistedSince: NIODeadline?
    }

    struct RoleCheck: Sendable {
        var isAsked = false
        var askedAt: NIODeadline
        var next: NIODeadline
        /// The last answer, with the time its question was sent.
        var answer: RoleAnswer?
        var answerAskedAt: NIODeadline?
    }

    let timing: Timing
    /// Configured ones first, in their order, then discovered ones in the order of discovery.
    var sentinels: [Sentinel]
    var known: [String: Identity] = [:]
    /// Since when a majority has counted no more Sentinels than the identities known (see `denominator`).
    var settledSince: NIODeadline?
    var unidentifiedPruned = false
    var roles: [RedisEndpoint: RoleCheck] = [:]
    var phase: MasterPhase = .searching(.starting)
    /// The newest state that a majority has named, with the time it first did.
    var target: (state: MasterState, since: NIODeadline)?
    /// The next master that a Sentinel announced, which Sentinel, and when.
    var hinted: (endpoint: RedisEndpoint, by: RedisEndpoint, at: NIODeadline)?
    /// When the present hurry began; paces polls and role checks.
    var urgentSince: NIODeadline?
    var majorityHeard: NIODeadline?
    var regressed: MasterState?
    var switches: UInt64 = 0
    var assisted: Assisted?
    var provisional: Provisional?
    var earlyReleases: UInt64 = 0
    var quarantines: UInt64 = 0
    var selfFences: UInt64 = 0

    /// - Parameters:
    ///   - sentinels: the configured Sentinels; repetitions are ignored, so are those beyond 64.
    ///   - timing: how often to ask and how long to trust.
    package init(sentinels: [RedisEndpoint], timing: Timing = Timing()) {
        self.timing = timing
        var seen: Set<RedisEndpoint> = []
        self.sentinels = sentinels.filter { seen.insert($0).inserted }.prefix(Self.maximumSentinels).map {
            Sentinel(endpoint: $0, isConfigured: true, nextPoll: .uptimeNanoseconds(0))
        }
    }

    /// Takes one event and returns what to do, in order. Events about unknown endpoints are ignored, so the driver
    /// need not know what became irrelevant meanwhile.
    package mutating func handle(_ event: Event, now: NIODeadline) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .started:
            hurry(now)
            actions += sentinels.map { .follow($0.endpoint) }
        case .connected(let endpoint):
            update(endpoint) { sentinel in
                sentinel.isConnected = true
                sentinel.isHeard = false
                sentinel.isPolled = false
                sentinel.nextPoll = now
                if sentinel.failure?.isUnconnected == true { sentinel.failure = nil }
            }
        case .disconnected(let endpoint, let reason):
            update(endpoint) { sentinel in
                sentinel.isConnected = false
                sentinel.isSubscribed = false
                sentinel.isPolled = false
                sentinel.announcedEpoch = nil
                sentinel.selected = nil
                sentinel.dissentSince = nil
                sentinel.failure = reason
                if reason == .notListening { sentinel.refusedAt = now }
            }
        case .subscribed(let endpoint):
            update(endpoint) { $0.isSubscribed = $0.isConnected }
        case .reported(let endpoint, let report):
            take(report, from: endpoint, now: now)
        case .unusable(let endpoint, let reason):
            update(endpoint) { sentinel in
                sentinel.isPolled = false
                sentinel.failure = reason
            }
            pace(endpoint, now: now)
        case .hint(let endpoint, let hint):
            take(hint, from: endpoint, now: now)
        case .role(let endpoint, let answer):
            take(answer, from: endpoint, now: now)
        case .suspect(let endpoint):
            if phase.last?.endpoint == endpoint {
                doubt(now, &actions)
            }
        case .requested(let sentinel, let master):
            assisted = Assisted(sentinel: sentinel, master: master, at: now)
            if phase.last?.endpoint == master { doubt(now, &actions) }
            hurry(now)
        case .declined(let sentinel):
            if assisted?.sentinel == sentinel { assisted = nil }
        case .abandoned(let sentinel):
            abandon(sentinel)
        case .tick:
            break
        }
        updateKnown(now, &actions)
        releaseEarly(now, &actions)
        evaluate(now, &actions)
        noteExclusions(now, &actions)
        poll(now, &actions)
        checkRoles(now, &actions)
        return actions
    }

    /// What is known, for probes and metrics.
    package func status(now: NIODeadline) -> WatcherStatus {
        WatcherStatus(
            phase: phase,
            sentinels: sentinels.map { sentinel in
                SentinelStatus(
                    endpoint: sentinel.endpoint, runID: sentinel.runID, isConfigured: sentinel.isConfigured,
                    isReachable: sentinel.isConnected, isSubscribed: sentinel.isSubscribed,
                    reported: sentinel.report?.master, lastHeard: sentinel.reportAt,
                    excluded: exclusion(of: sentinel, now: now))
            }.sorted { $0.endpoint < $1.endpoint },
            known: denominator, answering: voters(now).count, majority: majority, majorityHeard: majorityHeard,
            switches: switches, earlyReleases: earlyReleases, quarantines: quarantines, selfFences: selfFences)
    }

    mutating func update(_ endpoint: RedisEndpoint, _ body: (inout Sentinel) -> Void) {
        guard let index = sentinels.firstIndex(where: { $0.endpoint == endpoint }) else { return }
        body(&sentinels[index])
    }
}
