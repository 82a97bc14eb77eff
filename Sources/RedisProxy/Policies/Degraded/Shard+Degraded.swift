import Glibc
import Logging
import NIOCore
import RESP
import RedisClient

/// When one event loop begins and ends to answer in the server's stead.
extension Shard {
    /// Holds that run out now end in degraded answers. A switchover that holds commands keeps the master for itself:
    /// nothing is made up meanwhile.
    var degrades: Bool { configuration.onTimeout == .degrade && master == nil && !isBarred }

    /// A hold has run out and there is no master: answers all that waits, and from now on everything at once.
    func enterDegraded() {
        guard degraded.enter(at: now) else { return }
        metrics.countDegradedEpisode()
        logger.warning(
            "no master in time: degraded, reads miss and writes are forgotten", metadata: ["held": "\(heldText)"])
        for lane in allLanes { lane.answerDegraded() }
        for session in allSessions { session.answerHeldDegraded() }
        flushTouchedSessions()
    }

    /// There is a master again, or a switchover holds.
    func leaveDegraded() {
        guard let duration = degraded.leave(at: readClock()) else { return }
        metrics.countDegraded(nanoseconds: duration.nanoseconds)
        logger.notice(
            "no longer degraded", metadata: ["milliseconds": "\(duration.nanoseconds / 1_000_000)"])
    }

    // MARK: The way back

    func noteMaster(_ isThere: Bool) {
        if isThere {
            (masterlessSince, mayReturn, wasServed) = (nil, false, true)
        } else if masterlessSince == nil, wasServed {
            masterlessSince = now
        }
    }

    /// Whether a master must not be used yet, since other sidecars may still forget writes: a cache that is filled
    /// through one and not emptied through the other shows what is older than what a shop has written since.
    func awaitsPeers(_ phase: MasterPhase) -> Bool {
        guard phase.usable != nil, wasAway, !mayReturn else { return false }
        onReturning()
        return true
    }

    /// There was no master for longer than a command waits, so that others may have become degraded.
    private var wasAway: Bool {
        guard configuration.onTimeout == .degrade, configuration.role == .cache, configuration.control != nil,
            !configuration.peers.isEmpty
        else { return false }
        return degraded.isOn || masterlessSince.map { now - $0 >= TimeAmount(configuration.hold) } ?? false
    }

    /// What the other sidecars are told: nil when nothing is answered in a server's stead.
    var degradation: Degradation? {
        guard degraded.isOn else { return nil }
        return hasUsableMaster ? .returning : .waiting
    }

    /// The others are ready too.
    func returnToMaster() {
        guard degraded.isOn || masterlessSince != nil else { return }
        mayReturn = true
        openMaster()
    }

    private var heldText: String { "\(allLanes.reduce(0) { $0 + $1.pendingCount })" }

    /// The answer to one command of a session; nil when there is none that is true. A write that is answered is to be
    /// deleted on the next master.
    func degradedReply(to spec: CommandSpec, _ command: ByteBuffer, of session: Session) -> ByteBuffer? {
        let reply = command.withUnsafeReadableBytes { bytes -> ByteBuffer? in
            var parser = RequestParser()
            guard case .command(let frame)? = try? parser.next(bytes), !durability.concerns(spec, frame, bytes) else {
                return nil
            }
            return FrameArguments.with(frame, in: bytes) {
                degradedAnswers(session.state.protocolVersion).reply(to: spec, $0, time: Self.timeOfDay())
            }
        }
        // The client was told that this ran, and it never will: what it would have written is in doubt on every master.
        if reply != nil, spec.effect == .overwrite || spec.effect == .mutate {
            oweWrite(spec, command, in: session.possibleDatabases)
        }
        metrics.countDegraded(reply == nil ? .closed : .init(spec))
        return reply
    }

    func degradedAnswers(_ protocolVersion: Int) -> DegradedAnswers {
        DegradedAnswers(protocolVersion: protocolVersion, serverVersion: degraded.serverVersion)
    }

    /// Whether a database may be selected without asking.
    func knows(_ database: Int) -> Bool {
        knownDatabases.contains(database) || degraded.isOn && database < DegradedAnswers.databases
    }

    private static func timeOfDay() -> Duration {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
