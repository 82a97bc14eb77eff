import LoopbackServers

/// One fault that hits one job at one moment. All of it follows from the campaign's seed and the injection's number.
struct Injection: Sendable {
    enum Job: String, Sendable, Codable { case dump, restore, prune }

    enum Fault: String, Sendable, Codable {
        /// SIGKILL after a while.
        case programKilled = "program killed"
        /// SIGKILL just when a certain request has reached the store, or been carried out by it.
        case programKilledAtRequest = "program killed at a request"
        /// SIGKILL, and once more when it goes on.
        case programKilledTwice = "program killed twice"
        /// SIGTERM after a while.
        case programTerminated = "program terminated"
        /// SIGKILL to the database server, which is started again.
        case serverKilled = "server killed"
        /// `KILL` of all connections to the database.
        case connectionsKilled = "connections killed"
        /// 503s, resets, lost answers and answers that are cut, all the time.
        case storeFaults = "store faulty"
        /// Nobody gets to the store for a few seconds.
        case storeGone = "store gone"
        /// The answer to the upload of the manifest is lost, once or several times.
        case manifestLost = "manifest's answer lost"
        /// A column is added to a table.
        case definitionChanged = "table changed"
        /// A directory store on a file system that is too small.
        case diskFull = "disk full"
    }

    /// Every pair of a job and what hits it comes once in each round, in an order of chance.
    static let round: [(Job, Fault)] = [
        (.dump, .programKilled), (.dump, .programKilledAtRequest), (.dump, .programTerminated), (.dump, .serverKilled),
        (.dump, .connectionsKilled), (.dump, .storeFaults), (.dump, .storeGone), (.dump, .manifestLost),
        (.dump, .definitionChanged), (.dump, .diskFull),
        (.restore, .programKilled), (.restore, .programKilledAtRequest), (.restore, .programKilledTwice),
        (.restore, .programTerminated), (.restore, .serverKilled), (.restore, .connectionsKilled),
        (.restore, .storeFaults), (.restore, .storeGone),
        (.prune, .programKilledAtRequest), (.prune, .storeFaults),
    ]

    let number: Int
    let flavour: LoopbackDatabase.Flavour
    let job: Job
    let fault: Fault
    /// When: a share of the time, the requests or the bytes that the job takes when nothing happens.
    let moment: Double
    /// For what else is left to chance.
    let seed: UInt64

    /// Even numbers are of MariaDB, odd ones of MySQL, each in rounds of its own.
    init(number: Int, seed: UInt64) {
        self.number = number
        flavour = number.isMultiple(of: 2) ? .mariadb : .mysql
        let turn = number / 2
        let (lap, place) = turn.quotientAndRemainder(dividingBy: Self.round.count)
        var order = SeededGenerator(seed: seed &+ UInt64(lap * 2 + number % 2) &* 1_000_003)
        (job, fault) = Self.round.shuffled(using: &order)[place]
        var chance = SeededGenerator(seed: (seed &* 1_000_003) ^ UInt64(number))
        moment = .random(in: 0..<1, using: &chance)
        self.seed = chance.next()
    }

    /// Which request of so many it is about, from 0.
    func request(of count: Int) -> Int { Int(moment * Double(max(1, count))) }
}

extension Injection: CustomStringConvertible {
    var description: String {
        let percent = (moment * 1000).rounded() / 10
        return "\(number): \(flavour), \(job.rawValue), \(fault.rawValue) at \(percent) %"
    }
}
