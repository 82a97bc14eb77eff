/// Where the sidecar answered something else than Redis.
struct Mismatch: Sendable, CustomStringConvertible {
    let description: String

    /// The first difference between two transcripts of a sequence; nil when there is none.
    static func first(
        in sequence: CommandSequence, direct: [[Outcome]], sidecar: [[Outcome]], origin: String
    ) -> Mismatch? {
        for (index, exchange) in sequence.exchanges.enumerated() {
            let one = index < direct.count ? direct[index] : []
            let other = index < sidecar.count ? sidecar[index] : []
            let comparisons = exchange.comparisons
            for place in 0..<max(one.count, other.count) {
                let comparison = place < comparisons.count ? comparisons[place] : .exact
                let redis = place < one.count ? one[place] : nil
                let proxy = place < other.count ? other[place] : nil
                if agrees(redis, proxy, comparison) { continue }
                return Mismatch(
                    origin: origin, sequence: sequence, exchange: index, place: place, redis: redis, proxy: proxy)
            }
            let ending = exchange.closes ? [Outcome.closed] : []
            if one.filter({ !Outcome?($0).isReply }) != ending {
                // Redis itself did not answer as the generator believed: a fault of the test, not of the sidecar.
                return Mismatch(
                    origin: "\(origin), generator", sequence: sequence, exchange: index, place: one.count - 1,
                    redis: one.last, proxy: other.last)
            }
        }
        let rest = zip(direct.dropFirst(sequence.exchanges.count), sidecar.dropFirst(sequence.exchanges.count))
        for (one, other) in rest where one.count != other.count || !one.last.isReply || !other.last.isReply {
            return Mismatch(
                description: """
                    \(origin): replies that nobody asked for
                    Redis:   \(one)
                    sidecar: \(other)
                    after:   \(sequence.exchanges.map(\.summary).joined(separator: " ¦ "))
                    """)
        }
        return nil
    }

    private static func agrees(_ redis: Outcome?, _ proxy: Outcome?, _ comparison: Comparison) -> Bool {
        if case .reply(let one)? = redis, case .reply(let other)? = proxy { return comparison.agrees(one, other) }
        return redis == proxy
    }

    private init(
        origin: String, sequence: CommandSequence, exchange: Int, place: Int, redis: Outcome?, proxy: Outcome?
    ) {
        let at = sequence.exchanges[exchange]
        description = """
            \(origin): exchange \(exchange), reply \(place)
            request: \(at.request(of: place))
            Redis:   \(redis.map { "\($0)" } ?? "nothing")
            sidecar: \(proxy.map { "\($0)" } ?? "nothing")
            so far:  \(sequence.exchanges[...exchange].map(\.summary).joined(separator: " ¦ "))
            """
    }

    private init(description: String) {
        self.description = description
    }
}

extension Exchange {
    /// Which request the reply at `place` belongs to.
    fileprivate func request(of place: Int) -> String {
        var before = 0
        for request in requests where !postponesReading {
            before += request.replies
            if place < before { return printable(request.bytes, limit: 300) }
        }
        return "(none)"
    }

    fileprivate var summary: String {
        let shown = requests.prefix(40).map { printable($0.bytes, limit: 120) }
        return (connection == 0 ? "" : "[\(connection)] ") + shown.joined(separator: "; ")
    }
}

extension Outcome: CustomStringConvertible {
    var description: String {
        switch self {
        case .reply(let bytes): printable(bytes, limit: 400)
        case .closed: "(connection closed)"
        case .silence: "(no reply)"
        case .failure(let reason): "(\(reason))"
        }
    }
}

extension Outcome? {
    fileprivate var isReply: Bool {
        if case .reply? = self { true } else { false }
    }
}

/// Bytes for a person: RESP's line ends as `·`, what is not ASCII escaped.
private func printable(_ bytes: [UInt8], limit: Int) -> String {
    var text = ""
    var index = 0
    while index < min(bytes.count, limit) {
        let byte = bytes[index]
        if byte == 13, index + 1 < bytes.count, bytes[index + 1] == 10 {
            text += "·"
            index += 1
        } else if byte >= 0x20, byte < 0x7F {
            text.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
            text += "\\x" + String(byte, radix: 16)
        }
        index += 1
    }
    return bytes.count > limit ? "\(text)… (\(bytes.count) bytes)" : text
}
