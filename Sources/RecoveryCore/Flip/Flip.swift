/// Points a shop at another database: closes it, switches its endpoint, empties its cache, looks whether all is well, and
/// opens it again. A value: what became of the last action goes in, what to do next comes out.
///
/// Safety, stated before the code:
/// 1. Nothing is changed before everything that will be changed has been looked at.
/// 2. The shop is closed while its database changes, and no page runs on either: requests under way get time to end
///    before the switch, and what keeps compiled files gets time to notice it.
/// 3. The cache is emptied after the switch, never before it alone: cached objects outlive their rows. After a switch back
///    it is emptied again.
/// 4. Until the shop begins to open, every failure and an interruption undo what was done, the last first. Once it may
///    have opened anywhere, orders go to the new database, and there is one way, forward.
/// 5. When the endpoint cannot be switched back, the shop is not opened: nobody knows which database it would write to.
/// 6. Whoever finds the ``Journal`` of a flip that was killed undoes it first, whatever it had come to; only what had
///    begun to open goes on to open.
package struct Flip: Sendable {
    /// What became of the last action; each is answered by exactly one of these.
    package enum Event: Equatable, Sendable {
        case started
        case done
        /// In a sentence.
        case failed(String)
        /// The user wants to stop.
        case interrupted
    }

    package enum Action: Equatable, Sendable {
        /// Look at everything that will be changed, and at the new database; change nothing.
        case survey
        /// Maintenance on, on all web servers; the driver renews it until ``open``.
        case close
        /// Wait: for requests under way, or for opcode caches.
        case settle
        case switchEndpoint
        /// Empty the shop's cache.
        case flush
        /// See that the new database is what the shop needs.
        case check
        /// Maintenance off.
        case open
        /// The endpoint as it was.
        case switchBack
        case report(Outcome)
    }

    /// How it ended.
    package enum Outcome: Equatable, Sendable {
        /// The shop is open, on the new database.
        case switched
        /// It is on the new database, and could not be opened everywhere; says where.
        case closed(String)
        /// It failed at this step, for this reason; the shop is as before. What could not be made good, if anything.
        case undone(at: String, String, left: [String] = [])
        /// It failed, and could not be undone: the shop stays closed.
        case stuck(at: String, String, undoing: String)
    }

    /// What has to be known after a crash; to be kept before the action that it tells of is performed.
    package struct Journal: Sendable, Equatable, Codable {
        package enum Reached: String, Sendable, Codable {
            /// The shop may be closed.
            case closing
            /// The endpoint may be switched.
            case switching
            /// The shop may be open again.
            case opening
        }

        package var reached: Reached

        package init(_ reached: Reached) { self.reached = reached }
    }

    private enum Phase: Equatable, Sendable {
        case idle, surveying, closing, draining, switching, settling, flushing, checking, opening
        case undoing
        case over

        var name: String {
            switch self {
            case .idle, .surveying: "survey"
            case .closing: "closing"
            case .draining: "draining"
            case .switching: "switching"
            case .settling: "settling"
            case .flushing: "flushing"
            case .checking: "checking"
            case .opening: "opening"
            case .undoing, .over: "undoing"
            }
        }
    }

    private var phase = Phase.idle
    private var found: Journal?
    /// What is left to undo, the next first.
    private var undo: [Action] = []
    private var failure: (at: String, reason: String) = ("", "")
    private var left: [String] = []

    package init() {}

    /// Of a flip that was killed.
    package init(resuming journal: Journal) { found = journal }

    /// What to keep before the action that was returned last is performed; nil when nothing is changed yet, or any more.
    package var journal: Journal? {
        switch phase {
        case .closing, .draining: Journal(.closing)
        case .switching, .settling, .flushing, .checking: Journal(.switching)
        case .opening: Journal(.opening)
        case .undoing: Journal(undo.contains(.switchBack) || undo.contains(.flush) ? .switching : .closing)
        case .idle, .surveying, .over: nil
        }
    }

    /// True from the moment when the shop may have opened: an interruption changes nothing any more.
    package var isCommitted: Bool { phase == .opening || phase == .over || phase == .undoing }

    /// The next action; nil when it is over, or when an interruption comes too late to matter.
    package mutating func handle(_ event: Event) -> Action? {
        switch (phase, event) {
        case (.over, _): return nil
        case (.idle, .started): return begin()
        case (.undoing, .interrupted), (.opening, .interrupted): return nil
        case (.undoing, .done):
            undo.removeFirst()
            return goBack()
        case (.undoing, .failed(let reason)): return fail(undoing: reason)
        case (.opening, .failed(let reason)): return end(.closed(reason))
        case (_, .failed(let reason)): return giveUp(reason)
        case (_, .interrupted): return giveUp("it was interrupted")
        case (.surveying, .done): return go(.closing, .close)
        case (.closing, .done): return go(.draining, .settle)
        case (.draining, .done): return go(.switching, .switchEndpoint)
        case (.switching, .done): return go(.settling, .settle)
        case (.settling, .done): return go(.flushing, .flush)
        case (.flushing, .done): return go(.checking, .check)
        case (.checking, .done): return go(.opening, .open)
        case (.opening, .done): return end(.switched)
        default: return giveUp("an answer came that nobody had asked for")
        }
    }

    private mutating func begin() -> Action {
        guard let found else { return go(.surveying, .survey) }
        failure = ("an earlier run", "it was killed")
        switch found.reached {
        case .opening: return go(.opening, .open)
        case .switching: undo = Self.undoingSwitch
        case .closing: undo = [.open]
        }
        return goBack()
    }

    private static let undoingSwitch: [Action] = [.switchBack, .flush, .open]

    private mutating func go(_ next: Phase, _ action: Action) -> Action {
        phase = next
        return action
    }

    private mutating func end(_ outcome: Outcome) -> Action { go(.over, .report(outcome)) }

    private mutating func giveUp(_ reason: String) -> Action {
        failure = (phase.name, reason)
        switch phase {
        case .closing, .draining: undo = [.open]
        case .switching, .settling, .flushing, .checking: undo = Self.undoingSwitch
        case .idle, .surveying, .opening, .undoing, .over: undo = []
        }
        return goBack()
    }

    private mutating func goBack() -> Action {
        guard let next = undo.first else {
            return end(.undone(at: failure.at, failure.reason, left: left))
        }
        return go(.undoing, next)
    }

    private mutating func fail(undoing reason: String) -> Action {
        guard let failed = undo.first else { preconditionFailure("something was being undone") }
        // No page has run: what the cache holds is of the database that the shop is back at. It is said all the same.
        guard failed == .flush else {
            return end(.stuck(at: failure.at, failure.reason, undoing: reason))
        }
        left.append(reason)
        undo.removeFirst()
        return goBack()
    }
}
