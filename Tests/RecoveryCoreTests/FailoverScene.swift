@testable import RecoveryCore

typealias Machine = AssistedFailover<String>
typealias State = ReplicaState<String>

/// An observer of the master `m` at epoch 1 with the replicas `x` and `y` and three Sentinels, and a clock that the
/// test moves.
struct FailoverScene {
    var machine: Machine
    var now = ContinuousClock.now
    var actions: [Machine.Action] = []

    /// With a master that has answered.
    init(timing: Machine.Timing = .init(), seenAlive: Bool = true) {
        machine = Machine(timing: timing)
        send(.confirmed("m", epoch: 1))
        send(.link("m", .asked))
        if seenAlive { send(.link("m", .answered)) }
        actions = []
    }

    @discardableResult
    mutating func send(_ event: Machine.Event) -> [Machine.Action] {
        let next = machine.handle(event, now: now)
        actions += next
        return next
    }

    /// Moves the clock in steps of 5 ms; every survey is answered at once.
    mutating func pass(_ time: Duration, answering survey: FailoverSurvey<String>) {
        let end = now + time
        while now < end {
            now = min(end, now + .milliseconds(5))
            guard let wake = machine.nextWake, wake <= now else { continue }
            for case .survey in send(.tick) { send(.surveyed(survey)) }
        }
    }

    mutating func crash() {
        send(.link("m", .reset))
        send(.link("m", .refused))
    }

    var requests: [FailoverRequest<String>] {
        actions.compactMap { if case .request(let request) = $0 { request } else { nil } }
    }
    var refusals: [FailoverRefusal] {
        actions.compactMap { if case .refuse(let refusal) = $0 { refusal } else { nil } }
    }
}

/// What everybody says right after `m` was killed.
func deadMasterSurvey(_ change: (inout FailoverSurvey<String>) -> Void = { _ in }) -> FailoverSurvey<String> {
    var survey = FailoverSurvey(
        master: "m", knownSentinels: 3,
        sentinels: ["B", "A", "C"].map {
            SentinelView(endpoint: $0.lowercased(), runID: $0, master: "m", epoch: 1, failoverTimeout: .seconds(5))
        },
        replicas: ["x", "y"].map {
            ReplicaView($0, State(master: "m", isLinkUp: false, lastIOSeconds: -1, linkDownSeconds: 0, offset: 100))
        })
    change(&survey)
    return survey
}

/// What everybody says while `m` hangs, or is well.
func upLinkSurvey(offset: Int64 = 100, lastIO: Int64 = 0) -> FailoverSurvey<String> {
    deadMasterSurvey { survey in
        for index in survey.replicas.indices {
            survey.replicas[index].state = State(master: "m", isLinkUp: true, lastIOSeconds: lastIO, offset: offset)
        }
    }
}
