@testable import RecoveryCore

typealias Course = Switchover<String>

/// A switchover of the master `m` at epoch 3 with the replicas `x` and `y`, three Sentinels and two sidecars; every
/// action is answered as it is when all goes well, unless the test says otherwise.
struct SwitchoverScene {
    var machine: Course
    var now = ContinuousClock.now
    var actions: [Course.Action] = []
    var next: Course.Action?

    init(target: String? = nil, without: Set<String> = []) {
        machine = Course(target: target, without: without)
    }

    /// The outcome, once there is one.
    var outcome: Course.Outcome? {
        if case .report(let outcome)? = actions.last { outcome } else { nil }
    }

    mutating func send(_ event: Course.Event) {
        next = machine.handle(event, now: now)
        if let next { actions.append(next) }
    }

    /// What each action is answered with when all goes well.
    static func answer(to action: Course.Action, _ survey: Course.Survey) -> Course.Event? {
        switch action {
        case .survey: .surveyed(survey)
        case .hold: .held(inFlight: 0)
        case .compare: .compared(isEqual: true)
        case .request: .answered(.accepted)
        case .watch: .watched(.promoted("x"))
        case .repoint: .repointed(isWritable: true)
        case .confirm(let node): .confirmed(node, epoch: 4)
        case .claim, .prefer, .mark, .pause, .announce, .release, .finish, .undo: .done
        case .report: nil
        }
    }

    /// Runs to the end. `change` may replace the answer to the action of that number, counted from 0.
    mutating func run(
        _ survey: Course.Survey = steadySurvey(),
        change: (Int, Course.Action, inout SwitchoverScene) -> Course.Event? = { _, _, _ in nil }
    ) {
        send(.started)
        var count = 0
        while let action = next, count < 2_000 {
            now += .milliseconds(5)
            let replaced = change(count, action, &self)
            guard let event = replaced ?? Self.answer(to: action, survey) else { return }
            count += 1
            send(event)
        }
    }
}

func steadySurvey(_ change: (inout Course.Survey) -> Void = { _ in }) -> Course.Survey {
    var survey = Course.Survey(
        master: "m", masterOffset: 1_000, minReplicas: 1, knownSentinels: 3,
        sentinels: ["B", "A", "C"].map {
            SentinelView(endpoint: $0.lowercased(), runID: $0, master: "m", epoch: 3)
        },
        downAfter: .seconds(5),
        replicas: ["x", "y"].map { ReplicaView($0, State(master: "m", isLinkUp: true, offset: 990)) },
        sidecars: ["web-1", "web-2"].map {
            SidecarView($0, .init(master: "m", epoch: 3, hold: .milliseconds(800)))
        })
    change(&survey)
    return survey
}
