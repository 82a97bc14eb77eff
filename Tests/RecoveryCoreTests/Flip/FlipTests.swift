import RecoveryCore
import Testing

struct FlipTests {
    private static let way: [Flip.Action] = [
        .survey, .close, .settle, .switchEndpoint, .settle, .flush, .check, .open,
    ]

    /// Runs to the end; `answer` may replace what becomes of the action of that number, counted from 0.
    private static func run(
        _ machine: Flip = Flip(), answer: (Int, Flip.Action) -> Flip.Event? = { _, _ in nil }
    ) -> (actions: [Flip.Action], outcome: Flip.Outcome?, journals: [Flip.Journal?]) {
        var machine = machine
        var actions: [Flip.Action] = []
        var journals: [Flip.Journal?] = []
        var next = machine.handle(.started)
        while let action = next, actions.count < 100 {
            if case .report(let outcome) = action { return (actions, outcome, journals) }
            actions.append(action)
            journals.append(machine.journal)
            next = machine.handle(answer(actions.count - 1, action) ?? .done)
        }
        return (actions, nil, journals)
    }

    @Test func allGoesWell() {
        let run = Self.run()
        #expect(run.actions == Self.way)
        #expect(run.outcome == .switched)
        // Kept before what it tells of is done.
        #expect(
            run.journals.map { $0?.reached } == [
                nil, .closing, .closing, .switching, .switching, .switching, .switching, .opening,
            ])
    }

    private static let undoing: [(step: Int, name: String, undo: [Flip.Action])] = [
        (0, "survey", []), (1, "closing", [.open]), (2, "draining", [.open]),
        (3, "switching", [.switchBack, .flush, .open]), (4, "settling", [.switchBack, .flush, .open]),
        (5, "flushing", [.switchBack, .flush, .open]), (6, "checking", [.switchBack, .flush, .open]),
    ]

    /// Whatever fails, and whenever somebody stops it: the shop is as before.
    @Test(arguments: undoing.indices, [Flip.Event.failed("no"), .interrupted])
    func aFailureAtEachStepIsUndone(_ index: Int, _ event: Flip.Event) {
        let (step, name, undo) = Self.undoing[index]
        let run = Self.run { number, _ in number == step ? event : nil }
        #expect(run.actions == Array(Self.way[...step]) + undo)
        #expect(run.outcome == .undone(at: name, event == .interrupted ? "it was interrupted" : "no"))
    }

    /// Orders may go to the new database: nothing is taken back.
    @Test func whatHasOpenedIsNotUndone() {
        let failed = Self.run { number, _ in number == 7 ? .failed("web-1") : nil }
        #expect(failed.actions == Self.way && failed.outcome == .closed("web-1"))
        var machine = Flip()
        _ = machine.handle(.started)
        for _ in Self.way.dropLast() { _ = machine.handle(.done) }
        #expect(machine.isCommitted)
        #expect(machine.handle(.interrupted) == nil)
        #expect(machine.handle(.done) == .report(.switched))
        #expect(machine.handle(.done) == nil)
    }

    @Test func aShopWhoseEndpointIsUnknownStaysClosed() {
        let run = Self.run { number, action in
            number == 6 ? .failed("no table") : action == .switchBack ? .failed("disk full") : nil
        }
        #expect(run.actions == Self.way.prefix(7) + [.switchBack])
        #expect(run.outcome == .stuck(at: "checking", "no table", undoing: "disk full"))
    }

    @Test func aCacheThatCannotBeEmptiedKeepsTheShopClosedOnlyOnTheWayForward() {
        let run = Self.run { _, action in action == .flush ? .failed("Redis is down") : nil }
        #expect(run.actions == Self.way.prefix(6) + [.switchBack, .flush, .open])
        #expect(run.outcome == .undone(at: "flushing", "Redis is down", left: ["Redis is down"]))
    }

    @Test func whatCannotBeOpenedAgainIsSaid() {
        let run = Self.run { number, action in number == 2 ? .failed("x") : action == .open ? .failed("y") : nil }
        #expect(run.outcome == .stuck(at: "draining", "x", undoing: "y"))
    }

    /// Killed before each action, and found again by its journal: the shop is open in the end, on one known database.
    @Test(arguments: way.indices, [0, 1, 2])
    func killedAtEachStep(_ step: Int, _ again: Int) throws {
        let first = Self.run()
        guard let journal = first.journals[step] else { return }
        var machine = Flip(resuming: journal)
        // Killed again while it undoes.
        var next = machine.handle(.started)
        for _ in 0..<again {
            guard machine.journal != nil else { break }
            next = machine.handle(.done)
        }
        _ = next
        if let kept = machine.journal { machine = Flip(resuming: kept) } else { machine = Flip(resuming: journal) }
        let run = Self.run(machine)
        switch journal.reached {
        case .closing: #expect(run.actions == [.open])
        case .switching:
            #expect(run.actions == [.switchBack, .flush, .open] || run.actions == [.open])
            #expect(run.outcome == .undone(at: "an earlier run", "it was killed"))
        case .opening: #expect(run.actions == [.open] && run.outcome == .switched)
        }
    }

    @Test func anInterruptionWhileItIsUndoneChangesNothing() {
        var machine = Flip()
        for event in [Flip.Event.started, .done, .done, .done] { _ = machine.handle(event) }
        #expect(machine.handle(.failed("x")) == .switchBack)
        #expect(machine.handle(.interrupted) == nil)
        #expect(machine.handle(.done) == .flush)
    }
}
