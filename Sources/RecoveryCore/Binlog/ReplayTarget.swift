package import Binlog

/// The moment to which a restore goes on from its backup.
package enum ReplayTarget: Sendable, Hashable, CustomStringConvertible {
    /// Everything that is shipped.
    case latest
    /// All that was committed until then, this moment included.
    case time(LogTime)
    /// This transaction is the last one.
    case through(GTID)
    /// This transaction is the first one that is left out.
    case before(GTID)

    package var description: String {
        switch self {
        case .latest: "latest"
        case .time(let time): "\(time)"
        case .through(let gtid): "transaction \(gtid)"
        case .before(let gtid): "before transaction \(gtid)"
        }
    }

    package var gtid: GTID? {
        switch self {
        case .latest, .time: nil
        case .through(let gtid), .before(let gtid): gtid
        }
    }
}
