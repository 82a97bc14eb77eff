import BackupEngine
import Foundation
import LoopbackServers
import MySQLClient
import ObjectStore
import RecoveryCore
import Synchronization
import Testing
import Topology

/// What hits a dump or a restore, and when.
enum Blow: Sendable, CustomStringConvertible {
    /// So many of a thousand requests meet each kind of fault, all the time.
    case store(perMille: Int)
    /// From this request on nobody is let in.
    case storeGone(after: Int)
    /// A connection to the database is killed.
    case connection(after: Duration)
    case cancelled(after: Duration)
    /// The program that does it is killed (SIGKILL).
    case program(after: Duration)
    /// Somebody changes a table.
    case definition(after: Duration)

    static func random(_ generator: inout SeededGenerator) -> Blow {
        let time = Duration.milliseconds(Int.random(in: 0...500, using: &generator))
        switch Int.random(in: 0..<8, using: &generator) {
        case 0, 1: return .store(perMille: Int.random(in: 10...120, using: &generator))
        case 2, 3: return .storeGone(after: Int.random(in: 0...30, using: &generator))
        case 4: return .connection(after: time)
        case 5: return .cancelled(after: time)
        case 6: return .program(after: time * 2)
        default: return .definition(after: time)
        }
    }

    var description: String {
        switch self {
        case .store(let perMille): "\(perMille) ‰ of each fault of the store"
        case .storeGone(let requests): "the store gone after \(requests) requests"
        case .connection(let time): "a connection killed after \(time)"
        case .cancelled(let time): "cancelled after \(time)"
        case .program(let time): "the program killed after \(time)"
        case .definition(let time): "a table changed after \(time)"
        }
    }

    /// As the proxy before the store is told.
    func script(seed: UInt64) -> @Sendable (FaultyProxy.Request) -> FaultyProxy.Fault? {
        switch self {
        case .store(let share):
            FaultyProxy.random(
                seed: seed,
                perMille: [
                    (.slowDown, share), (.refused, share), (.answerLost, share), (.answerCut, share),
                    (.late(milliseconds: 20), share),
                ])
        case .storeGone(let requests): { $0.number >= requests ? .refused : nil }
        default: { _ in nil }
        }
    }
}

/// How many there were.
struct CampaignResult: Sendable, CustomStringConvertible {
    var dumps = 0, dumpsThatSucceeded = 0, listedAlthoughFailed = 0
    var restores = 0, restoresThatSucceeded = 0, resumed = 0
    var checked = 0

    var description: String {
        """
        \(dumps) dumps, of which \(dumpsThatSucceeded) succeeded in spite of it and \(listedAlthoughFailed) were listed \
        although whoever asked heard of a failure; \(restores) restores, of which \(restoresThatSucceeded) succeeded in \
        spite of it and \(resumed) when they were started again; \(checked) listed backups restored with equal digests
        """
    }
}
