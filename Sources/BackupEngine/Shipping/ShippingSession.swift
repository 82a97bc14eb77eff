internal import Binlog
internal import Foundation
internal import MySQLClient
internal import RecoveryCore

/// One connection to the server, from finding the place to its end.
struct ShippingSession {
    private let shipper: BinlogShipper
    private let stop: StopSignal
    /// The server was asked for its log: settings and privileges are right.
    private(set) var hasAsked = false
    private(set) var hasShipped = false
    /// Where a chain begins of which nothing is in the stores yet, and behind which segment.
    private(set) var begun: ChainStart?

    /// The beginning of a chain, before its first segment remembers it.
    struct ChainStart: Sendable {
        var number: UInt64
        var state: GTIDState
    }

    private var parser = BinlogParser()
    private var tracker = TransactionTracker()
    /// The transaction that is coming: where it begins, its events so far, and whether they are packed already.
    private var open: (start: BinlogEvent.GTIDStart, events: [[UInt8]], bytes: Int)?
    private var isStreaming = false
    /// Its GTID is in the stores already.
    private var isKnown = false
    private var format: [UInt8]?
    private var segment: SegmentInMaking?
    private var position: GTIDState
    private var number: UInt64 = 0
    /// Of the newest segment in the stores; none is before it.
    private var lastDay = ""
    private var source: LogSource?
    private var transactions: UInt64 = 0
    private var storedBytes: UInt64 = 0
    private var reportedAt: ContinuousClock.Instant?
    /// Days whose segments some store has missed.
    private var missed: Set<String> = []

    init(_ shipper: BinlogShipper, _ stop: StopSignal) {
        self.shipper = shipper
        self.stop = stop
        position = .mariadb(MariaDBPosition())
    }

    /// - Parameters:
    ///   - lost: What the server could not give the session before.
    ///   - former: Where that one began a chain. It was told to whoever makes backups: a later beginning would leave a
    ///     gap behind theirs.
    /// - Throws: What ends the connection; see `BinlogShipper.run(until:)`.
    mutating func run(lost: ShippingStart.Gap?, after former: ChainStart? = nil) async throws {
        let settings = shipper.settings
        let source = try await MySQLConnection.with(settings) { try await LogSource.read(over: $0) }
        self.source = source
        for warning in source.warnings where lost == nil { shipper.report(.warning(warning)) }
        let copied = try? await shipper.shelf.mend()
        if let copied, copied > 0 {
            shipper.report(.warning("\(copied) segments were copied to stores that lacked them"))
        }
        let end = try await shipper.shelf.end()
        number = end?.number ?? 0
        lastDay = end.flatMap { BinlogLayout.read($0.object)?.day } ?? ""
        var start = ShippingStart.decide(
            end: end?.toState, backup: end == nil ? try await shipper.newestBackup() : nil,
            executed: source.executed, purged: source.purged)
        if let lost { start = .anew(lost, after: source.executed) }
        position = start.state
        if case .anew(let gap, _) = start {
            if lost == nil, let former, former.number == number {
                position = former.state
            } else {
                shipper.report(.gap(gap))
            }
            begun = ChainStart(number: number, state: position)
        }
        shipper.report(.started(from: position, number: number + 1))

        let connection = try await MySQLConnection.connect(settings)
        do {
            try await connection.beginReplication(
                after: position, serverID: .random(in: 2_000_000_000...4_200_000_000),
                heartbeat: shipper.options.rhythm.heartbeat)
            try await follow(connection, until: source.executed)
        } catch {
            await connection.close()
            if !(error is CancellationError), !(error is ShippingError) { try await shipWhatIsWhole() }
            if let error = error as? MySQLError, error.kind == .privilegeMissing || error.kind == .accessDenied {
                let further = source.server.family == .mysql ? "REPLICATION CLIENT" : "BINLOG MONITOR"
                throw ShippingError.refused(
                    reason: "the user may not read the binary log: \(error.message)",
                    hint: "GRANT REPLICATION SLAVE, \(further) ON *.* TO the user")
            }
            throw error
        }
        await connection.close()
    }

    private mutating func follow(_ connection: MySQLConnection, until goal: GTIDState) async throws {
        while true {
            let batch = try await connection.nextEvents()
            hasAsked = true
            for bytes in batch.events { try await take(bytes) }
            try await shipIfDue()
            let isBehind = segment?.isEmpty == false || open != nil
            if stop.isSet || (shipper.options.once && reached.isSuperset(of: goal)) {
                // What has begun and has no end is not waited for.
                if segment?.isEmpty == false, segment?.isOpenEnded == false { try await ship() }
                tell(isBehind: false, now: true)
                return
            }
            if batch.isAtEnd { throw MySQLError(.connectionLost, message: "the server has ended its log") }
            tell(isBehind: isBehind)
        }
    }

    /// The server may never come back: what has come whole is stored, and not read again.
    private mutating func shipWhatIsWhole() async throws {
        if segment?.isEmpty == false, segment?.isOpenEnded == false { try await ship() }
    }

    /// With what is being packed.
    private var reached: GTIDState { segment?.to ?? position }

    private mutating func take(_ bytes: [UInt8]) async throws {
        let event = try parser.parse(bytes)
        if case .formatDescription = event.content {
            // A segment has one format; what was half read comes again, or never happened.
            if segment?.isEmpty == false, segment?.isOpenEnded == false { try await ship() }
            segment = nil
            open = nil
            isStreaming = false
            format = bytes
        }
        switch try tracker.place(event) {
        case .between: return
        case .first(let start):
            isKnown = reached.contains(start.gtid)
            open = (start, [bytes], bytes.count)
            isStreaming = false
        case .inner:
            guard !isKnown else { return }
            open?.events.append(bytes)
            open?.bytes += bytes.count
            try await streamIfLarge()
        case .last:
            guard let transaction = open else { return }
            open = nil
            guard !isKnown else { return }
            let time = BinlogTransaction.time(transaction.start, end: event)
            if isStreaming {
                try segment?.begin(transaction.events + [bytes])
                segment?.end(transaction.start.gtid, committedAt: time)
                isStreaming = false
                try await ship()
            } else {
                try begin()
                try segment?.add(transaction.start.gtid, committedAt: time, events: transaction.events + [bytes])
                try await shipIfDue()
            }
        }
    }

    private mutating func begin() throws {
        guard segment == nil else { return }
        guard let format else { throw BinlogError.malformed("a transaction comes before the format") }
        segment = try SegmentInMaking(
            after: position, format: format, recipients: shipper.options.recipients, level: shipper.options.level)
    }

    /// A large transaction is packed as it comes, in a segment that has nothing else.
    private mutating func streamIfLarge() async throws {
        guard let transaction = open, isStreaming || transaction.bytes > shipper.options.rhythm.largeTransaction else {
            return
        }
        if !isStreaming, segment?.isEmpty == false { try await ship() }
        try begin()
        isStreaming = true
        try segment?.begin(transaction.events)
        open?.events = []
    }

    private mutating func shipIfDue() async throws {
        guard let segment, !segment.isOpenEnded, !segment.isEmpty else { return }
        let age = segment.begunAt.map { ContinuousClock.now - $0 }
        if shipper.options.rhythm.isDue(age: age, bytes: segment.rawBytes) { try await ship() }
    }

    /// Writes the segment; tries again as long as the stores do not take it.
    private mutating func ship() async throws {
        guard var finished = segment, let source else { return }
        segment = nil
        let (pieces, object) = try finished.finish()
        // Not the clock's alone: two shippers around midnight must not write the same number in two folders.
        let committed = BinlogLayout.day(of: LogTime(microseconds: finished.firstCommittedAt).date)
        let day = max(lastDay, min(committed, BinlogLayout.day(of: Date())))
        let next = number + 1
        let description = BinlogSegment(
            number: next, software: shipper.options.software, database: shipper.database,
            object: BinlogLayout.events(day: day, number: next, random: .random(in: 0 ... .max)),
            sha256: object.sha256, storedBytes: object.storedBytes, rawBytes: object.rawBytes,
            family: source.server.family, serverVersion: source.server.text, server: source.identity,
            from: finished.from, to: finished.to, transactions: finished.transactions,
            firstCommittedAt: LogTime(microseconds: finished.firstCommittedAt),
            lastCommittedAt: LogTime(microseconds: finished.lastCommittedAt),
            coveredUntil: LogTime(microseconds: finished.lastCommittedAt),
            recipients: shipper.options.recipients.map { "\($0)" })
        var writing = try SegmentWriting(description, day: day, pieces: pieces)
        var attempts = 0
        while true {
            do {
                let failures = try await writing.write(to: shipper.shelf)
                try await mend(failures, writing)
                break
            } catch let error as ShippingError {
                guard case .store = error else { throw error }
                attempts += 1
                let pause = ShippingRhythm.pause(after: attempts)
                shipper.report(.interrupted(error, pause: pause))
                // Whoever is told to stop does not wait for a store that is away.
                if stop.isSet, attempts > 2 { throw error }
                tell(isBehind: true, since: finished.firstCommittedAt)
                try await Task.sleep(for: pause)
            }
        }
        number = next
        lastDay = day
        position = finished.to
        hasShipped = true
        transactions += UInt64(finished.transactions)
        storedBytes += object.storedBytes
        tell(isBehind: false)
    }

    /// Stores that were away get what they have missed, as soon as they take something again.
    private mutating func mend(_ failures: [(index: Int, error: any Error)], _ writing: SegmentWriting) async throws {
        guard failures.isEmpty else {
            if missed.isEmpty, let failure = failures.first {
                let name = shipper.shelf.places[failure.index].name
                shipper.report(.warning("\(name) lacks segments from \(number + 1) on: \(failure.error)"))
            }
            missed.insert(writing.day)
            return
        }
        guard !missed.isEmpty else { return }
        do {
            let copied = try await shipper.shelf.mend(days: missed)
            missed = []
            shipper.report(.warning("\(copied) segments were copied to stores that had lacked them"))
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // It is tried again with the next segment.
        }
    }

    private mutating func tell(isBehind: Bool, since: Int64? = nil, now: Bool = false) {
        let clock = ContinuousClock.now
        if !now, let reportedAt, clock - reportedAt < .seconds(1) { return }
        reportedAt = clock
        let time = ShippingClock.now + (source?.clockOffset ?? 0)
        let oldest = since ?? (segment?.isEmpty == false ? segment?.firstCommittedAt : nil) ?? time
        let lag = isBehind ? max(0, time - oldest) : 0
        shipper.report(
            .progress(
                ShippingProgress(
                    lag: .microseconds(lag), at: LogTime(microseconds: time), position: position, number: number,
                    transactions: transactions, storedBytes: storedBytes)))
    }
}
