import Foundation
import LoopbackServers
import MySQLClient
import Synchronization

/// One run of the program, and what hits it.
struct Strike: Sendable {
    /// What a job takes when nothing happens.
    struct Usual: Sendable {
        var time: Duration
        var requests: Int
    }

    let injection: Injection
    let ground: FaultGround
    let usual: Usual

    /// Nothing in a small shop takes so long, retries of a store that is away included.
    private static let limit = Duration.seconds(150)

    /// The program, once it runs.
    private final class Victim: Sendable {
        private let process = Mutex<Process?>(nil)
        func name(_ victim: Process) { process.withLock { $0 = victim } }
        /// A process that has ended is left alone: its number may be somebody else's.
        func signal(_ number: Int32) {
            process.withLock { if let process = $0, process.isRunning { kill(process.processIdentifier, number) } }
        }
    }

    /// Starts the program with the store as it is seen through a proxy, and returns when it has ended and everything
    /// that was killed is there again.
    func run(
        _ start: (_ store: String) throws -> BreakwaterProgram.Running
    ) async throws -> (outcome: BreakwaterProgram.Outcome, hung: Bool) {
        let victim = Victim()
        let proxy = try FaultyProxy(before: ground.objectServer, script(victim))
        defer { proxy.stop() }
        let running = try start(ground.store(at: proxy.place))
        victim.name(running.process)
        async let blow: Void = hit(victim)
        let ended = try await withThrowingTaskGroup(of: BreakwaterProgram.Outcome?.self) { group in
            group.addTask { try await running.end() }
            group.addTask {
                try await Task.sleep(for: Self.limit)
                victim.signal(SIGKILL)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        try await blow
        if let ended { return (ended, false) }
        return (try await running.end(), true)
    }

    private func hit(_ victim: Victim) async throws {
        let moment = usual.time * injection.moment
        switch injection.fault {
        case .programKilled, .programKilledTwice:
            try await Task.sleep(for: moment)
            victim.signal(SIGKILL)
        case .programTerminated:
            try await Task.sleep(for: moment)
            victim.signal(SIGTERM)
        case .serverKilled:
            try await Task.sleep(for: moment)
            try await ground.database.crash()
        case .connectionsKilled:
            try await Task.sleep(for: moment)
            try await killConnections(to: injection.job == .dump ? FaultGround.shop : ground.copy)
        case .definitionChanged:
            try await Task.sleep(for: moment)
            try await MySQLConnection.with(ground.database.server.settings(database: FaultGround.shop)) { shop in
                _ = try await shop.query("SET SESSION lock_wait_timeout = 2")
                // A backup may keep it out.
                _ = try? await shop.query("ALTER TABLE stock ADD COLUMN more INT")
            }
        case .programKilledAtRequest, .storeFaults, .storeGone, .manifestLost, .diskFull: break
        }
    }

    private func killConnections(to database: String) async throws {
        try await MySQLConnection.with(ground.database.server.settings()) { root in
            let threads = try await root.query(
                "SELECT id FROM information_schema.PROCESSLIST WHERE db = '\(database)'")
            for id in threads.rows.indices.compactMap({ threads.text($0, 0) }) {
                // It may have gone by itself meanwhile.
                _ = try? await root.query("KILL \(id)")
            }
        }
    }

    /// What happens to requests.
    private func script(_ victim: Victim) -> @Sendable (FaultyProxy.Request) -> FaultyProxy.Fault? {
        var chance = SeededGenerator(seed: injection.seed)
        let number = injection.request(of: usual.requests)
        switch injection.fault {
        case .programKilledAtRequest:
            let isCarriedOut = Bool.random(using: &chance)
            return { request in
                guard request.number == number else { return nil }
                victim.signal(SIGKILL)
                return isCarriedOut ? .answerLost : .refused
            }
        case .storeFaults:
            let share = Int.random(in: 10...80, using: &chance)
            return FaultyProxy.random(
                seed: injection.seed,
                perMille: [
                    (.slowDown, share), (.refused, share), (.answerLost, share), (.answerCut, share),
                    (.late(milliseconds: 20), share),
                ])
        case .storeGone:
            let time = Duration.milliseconds(Int.random(in: 500...6000, using: &chance))
            let back = Mutex<ContinuousClock.Instant?>(nil)
            return { request in
                guard request.number >= number else { return nil }
                let now = ContinuousClock.now
                return back.withLock { back in
                    let end = back ?? now + time
                    back = end
                    return now < end ? .refused : nil
                }
            }
        case .manifestLost:
            let count = Int.random(in: 1...3, using: &chance)
            // Once in a while nobody ever hears of it again.
            let isForgotten = Int.random(in: 0..<4, using: &chance) == 0
            let seen = Atomic(0)
            return { request in
                guard request.target.contains("manifest") else { return nil }
                let before = seen.add(1, ordering: .relaxed).oldValue
                if before < count, request.method == "PUT" { return .answerLost }
                return isForgotten ? .slowDown : nil
            }
        default: return { _ in nil }
        }
    }
}
