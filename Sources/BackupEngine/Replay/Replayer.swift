internal import Binlog
internal import RecoveryCore

/// Goes through segments, from where an earlier attempt ended to the target.
struct Replayer {
    private let plan: ReplayPlan
    private let translator: ReplayTranslator
    private let definition: RestoreJournal.Definition?
    /// The last transaction of an earlier attempt, until it has passed.
    private var resumed: String?
    private(set) var stoppedBefore: String?
    var session: ReplaySession

    init(
        plan: ReplayPlan, before: RestoreJournal.ReplayState, session: ReplaySession, translator: ReplayTranslator
    ) {
        self.plan = plan
        self.session = session
        self.translator = translator
        definition = before.definition
        resumed = before.replayed.flatMap { $0.last == "-" ? nil : $0.last }
    }

    /// Whether an earlier attempt has done all of a segment for sure.
    func isBehind(_ segment: BinlogSegment) -> Bool {
        guard let resumed, let gtid = try? GTID(resumed) else { return false }
        return !(segment.toState?.contains(gtid) ?? false)
    }

    /// - Returns: Whether the target is reached.
    mutating func replay(
        _ bytes: [UInt8], of segment: BinlogSegment, _ report: (RestoreJournal.Replayed) -> Void
    ) async throws -> Bool {
        do {
            var events = try BinlogFile.Events(bytes)
            var assembler = TransactionAssembler()
            while let event = try events.next() {
                if case .formatDescription = event.content { try await session.setFormat(event) }
                guard let transaction = try assembler.add(event) else { continue }
                if try await take(transaction, events.parser) { return true }
                report(session.replayed)
            }
            return false
        } catch let error as BinlogError {
            throw ReplayError.log(segment.number, error)
        }
    }

    private mutating func take(_ transaction: BinlogTransaction, _ parser: BinlogParser) async throws -> Bool {
        let isBeyond =
            switch plan.target {
            case .latest, .through: false
            case .time(let time): transaction.committedAt > time.microseconds
            case .before(let gtid): transaction.gtid == gtid
            }
        if plan.position.contains(transaction.gtid) {
            if isBeyond { throw ReplayFault.newer(plan.backup, plan.target) }
            return false
        }
        if let last = resumed {
            if isBeyond { throw ReplayError.beyond(plan.target, last: last) }
            if transaction.gtid.description == last { resumed = nil }
            guard case .through(transaction.gtid) = plan.target else { return false }
            if resumed != nil { throw ReplayError.beyond(plan.target, last: last) }
            return true
        }
        if isBeyond {
            stoppedBefore = transaction.gtid.description
            return true
        }
        let translation = try translator.translate(transaction, parser)
        try await session.apply(translation, of: transaction, from: definition)
        if case .through(transaction.gtid) = plan.target { return true }
        return false
    }
}
