/// How the replies of both servers to one request are held against each other.
enum Comparison: Sendable {
    /// Byte for byte.
    case exact
    /// Elements of arrays and maps in any order: Redis' hash tables are seeded anew in each process.
    case unordered
    /// Numbers may differ by five: clocks go on between the two runs.
    case near
    /// The same type and the same number of elements: random picks, sizes in memory, idle times.
    case shape
    /// There is a reply: what the server says about itself (INFO, TIME, CLIENT LIST).
    case any
    /// The answer of HELLO, but for the connection's number.
    case hello
}

/// One request as it is sent, and what is expected back.
struct Request: Sendable {
    let bytes: [UInt8]
    /// How many replies Redis sends to it; none after `CLIENT REPLY OFF`, several to SUBSCRIBE.
    var replies: Int
    var comparison: Comparison

    init(_ arguments: [[UInt8]], replies: Int = 1, comparison: Comparison = .exact) {
        var bytes = Array("*\(arguments.count)\r\n".utf8)
        for argument in arguments { bytes += Array("$\(argument.count)\r\n".utf8) + argument + [13, 10] }
        self.init(raw: bytes, replies: replies, comparison: comparison)
    }

    /// Text, split at blanks.
    init(_ command: String, replies: Int = 1, comparison: Comparison = .exact) {
        let arguments = command.split(separator: " ").map { Array($0.utf8) }
        self.init(arguments, replies: replies, comparison: comparison)
    }

    init(raw: [UInt8], replies: Int = 1, comparison: Comparison = .exact) {
        bytes = raw
        self.replies = replies
        self.comparison = comparison
    }
}

/// Something done on one of a sequence's connections: requests sent in one pipeline, then their replies read.
struct Exchange: Sendable {
    var connection = 0
    var requests: [Request]
    /// The requests are sent and the replies read by a later exchange with ``collects``.
    var postponesReading = false
    /// Replies to read that an earlier exchange has postponed, or that other connections caused.
    var collects: [Comparison] = []
    /// The server is expected to close the connection after the last reply.
    var closes = false

    init(
        _ requests: [Request], on connection: Int = 0, postponesReading: Bool = false, collects: [Comparison] = [],
        closes: Bool = false
    ) {
        self.connection = connection
        self.requests = requests
        self.postponesReading = postponesReading
        self.collects = collects
        self.closes = closes
    }

    /// How each reply that is read here is compared.
    var comparisons: [Comparison] {
        let own = postponesReading ? [] : requests.flatMap { Array(repeating: $0.comparison, count: $0.replies) }
        return own + collects
    }
}

/// What one client, or a few that belong together, do from connecting to the end.
struct CommandSequence: Sendable {
    var exchanges: [Exchange]
    /// Bytes of a pipeline go out in pieces of at most this size; nil: in one write.
    var pieces: Int?
    /// The connection of the sequence before is used again, as clients with persistent connections do.
    var reusesConnection: Bool

    var connections: Int { (exchanges.map(\.connection).max() ?? 0) + 1 }
}

/// What came back.
enum Outcome: Equatable, Sendable {
    case reply([UInt8])
    case closed
    /// Nothing, for as long as the reader was ready to wait.
    case silence
    case failure(String)
}
