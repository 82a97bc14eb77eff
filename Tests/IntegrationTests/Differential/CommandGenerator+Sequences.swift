extension CommandGenerator {
    mutating func sequence() -> CommandSequence {
        var exchanges: [Exchange] = []
        for _ in 0..<Int.random(in: 1...3, using: &random) { exchanges += scene() }
        if chance(6) { exchanges += lastScene() }
        return CommandSequence(
            exchanges: exchanges, pieces: chance(15) ? Int.random(in: 1...40, using: &random) : nil,
            reusesConnection: chance(50))
    }

    /// Something that leaves its connections usable.
    private mutating func scene() -> [Exchange] {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<40: commands()
        case 40..<58: [transaction()]
        case 58..<64: watchedChange()
        case 64..<72: subscription()
        case 72..<77: servedBlocking()
        case 77..<80: replyModes()
        case 80..<86: handshake()
        case 86..<89: scripts()
        case 89..<93: databases()
        case 93..<95: isAlone ? tracking() : commands()
        case 95..<98: [resetInTheMiddle()]
        default: [longPipeline()]
        }
    }

    private mutating func commands() -> [Exchange] {
        let count = Int.random(in: 1...8, using: &random)
        if chance(40) { return [Exchange((0..<count).map { _ in command() })] }
        return (0..<count).map { _ in Exchange([command()]) }
    }

    private mutating func transaction() -> Exchange {
        var requests: [Request] = []
        if chance(30) { requests.append(Request([Array("WATCH".utf8), key(), key()])) }
        requests.append(Request("MULTI"))
        if chance(5) { requests.append(Request("MULTI")) }
        for _ in 0..<Int.random(in: 0...5, using: &random) { requests.append(exactCommand()) }
        // What a session remembers may also change inside of a transaction, and then only if it is executed.
        if chance(25) { requests.append(Request("SELECT \(database())")) }
        if chance(15) { requests.append(Request("CLIENT SETNAME in-\(name)")) }
        if chance(10) { requests.append(Request([Array("WATCH".utf8), key()])) }
        if chance(10) { requests.append(Request([Array("BLPOP".utf8), key(), Array("0".utf8)])) }
        if chance(5) { requests.append(Request("AUTH default anything")) }
        requests.append(Request(chance(80) ? "EXEC" : "DISCARD"))
        requests.append(Request("CLIENT GETNAME"))
        requests.append(Request([Array("GET".utf8), key()]))
        return Exchange(requests)
    }

    /// Another client changes, or does not change, what is watched.
    private mutating func watchedChange() -> [Exchange] {
        let watched = key()
        let other = chance(60) ? watched : key()
        let shared = chance(50) ? 0 : database()
        return [
            Exchange([
                Request("SELECT \(shared)"), Request([Array("WATCH".utf8), watched]),
                Request([Array("GET".utf8), watched]),
            ]),
            Exchange([Request("SELECT \(shared)"), Request([Array("SET".utf8), other, value()])], on: 1),
            Exchange([
                Request("MULTI"), Request([Array("SET".utf8), watched, value()]), Request("EXEC"),
                Request([Array("GET".utf8), watched]),
            ]),
        ]
    }

    private mutating func subscription() -> [Exchange] {
        let one = "\(name):channel-0"
        let two = "\(name):channel-1"
        let isRESP3 = chance(40)
        var exchanges: [Exchange] = []
        if isRESP3 { exchanges.append(Exchange([Request("HELLO 3", comparison: .hello)])) }
        exchanges.append(
            Exchange([
                Request("SUBSCRIBE \(one) \(two)", replies: 2), Request("PSUBSCRIBE \(name):chan*"),
                // Only a few commands are allowed now, unless the client speaks RESP3.
                Request([Array("GET".utf8), key()]), Request("PING"), Request("PING hello"),
            ]))
        exchanges.append(
            Exchange([Request("PUBLISH \(one) message"), Request("PUBLISH \(name):channel-2 other")], on: 1))
        // One message by name and by pattern, the other by pattern alone.
        exchanges.append(Exchange([], collects: [.exact, .exact, .exact]))
        if chance(50) {
            exchanges.append(Exchange([Request("UNSUBSCRIBE", replies: 2, comparison: .any), Request("PUNSUBSCRIBE")]))
            exchanges.append(Exchange([Request([Array("GET".utf8), key()]), Request("PUBSUB NUMSUB \(one)")]))
        } else if chance(50) {
            exchanges.append(Exchange([Request("SUBSCRIBE \(one)"), Request("UNSUBSCRIBE \(one) nosuch", replies: 2)]))
        }
        exchanges.append(Exchange([Request("RESET")]))
        return exchanges
    }

    /// A blocked client gets what another one pushes.
    private mutating func servedBlocking() -> [Exchange] {
        let queue = Array("\(name):queue".utf8)
        let shared = chance(50) ? 0 : database()
        let blocking = pick([
            [Array("BLPOP".utf8), queue, Array("60".utf8)], [Array("BRPOP".utf8), queue, Array("60".utf8)],
            [Array("BLMOVE".utf8), queue, queue, Array("LEFT".utf8), Array("RIGHT".utf8), Array("60".utf8)],
        ])
        return [
            Exchange([Request("SELECT \(shared)"), Request([Array("DEL".utf8), queue])]),
            Exchange([Request(blocking), Request("PING after")], postponesReading: true),
            Exchange(
                [Request("SELECT \(shared)"), Request([Array("RPUSH".utf8), queue, value()], comparison: .any)], on: 1),
            Exchange([], collects: [.exact, .exact]),
            Exchange([Request([Array("LRANGE".utf8), queue, Array("0".utf8), Array("-1".utf8)])]),
        ]
    }

    private mutating func replyModes() -> [Exchange] {
        if chance(50) {
            return [
                Exchange([
                    Request("CLIENT REPLY SKIP", replies: 0), Request([Array("SET".utf8), key(), value()], replies: 0),
                    Request([Array("GET".utf8), key()]),
                ])
            ]
        }
        return [
            Exchange([
                Request("CLIENT REPLY OFF", replies: 0), Request([Array("SET".utf8), key(), value()], replies: 0),
                Request("NOSUCHCOMMAND", replies: 0), Request("CLIENT REPLY ON"), Request([Array("GET".utf8), key()]),
            ])
        ]
    }

    private mutating func handshake() -> [Exchange] {
        let hello = pick([
            "HELLO", "HELLO 2", "HELLO 3", "HELLO 3", "HELLO 3", "HELLO 4", "HELLO abc", "HELLO 3 AUTH default x",
            "HELLO 3 AUTH nosuch wrong", "HELLO 3 SETNAME hello-\(name)", "HELLO 2 SETNAME", "HELLO 3 NOSUCH",
        ])
        var requests = [Request(hello, comparison: .hello)]
        for _ in 0..<Int.random(in: 1...4, using: &random) { requests.append(command()) }
        requests.append(Request("CLIENT GETNAME"))
        if chance(40) { requests.append(Request("HELLO 2", comparison: .hello)) }
        return chance(50) ? [Exchange(requests)] : requests.map { Exchange([$0]) }
    }

    private mutating func scripts() -> [Exchange] {
        let body = "return{KEYS[1],'\(name)'}"
        // SHA-1 of the bodies is not computed here: EVAL makes the script known, SCRIPT LOAD answers the digest.
        let library = "#!lua name=lib\(name)\nredis.register_function('fn\(name)',function(k,a)return(a[1])end)"
        return [
            Exchange([
                Request("SCRIPT LOAD \(body)"),
                Request([Array("EVAL".utf8), Array(body.utf8), Array("1".utf8), key()]),
                Request([Array("FUNCTION".utf8), Array("LOAD".utf8), Array("REPLACE".utf8), Array(library.utf8)]),
                Request("FCALL fn\(name) 0 answer"), Request("FCALL nosuchfunction 0"),
                Request("FUNCTION LIST LIBRARYNAME lib\(name)", comparison: .unordered),
                Request("FUNCTION DELETE nosuchlibrary"),
            ])
        ]
    }

    private mutating func databases() -> [Exchange] {
        let one = database()
        let other = database()
        let pattern = "\(name):*"
        return [
            Exchange([
                Request("SELECT \(one)"), Request("DBSIZE"), Request([Array("SET".utf8), key(), value()]),
                Request("KEYS \(pattern)", comparison: .unordered), Request("SWAPDB \(one) \(other)"),
                Request("DBSIZE"),
            ]),
            Exchange([
                Request("SELECT \(other)"), Request("DBSIZE"), command(), Request("SELECT \(one)"),
                Request(chance(30) && !isAlone ? "FLUSHDB" : "PING"), Request("DBSIZE"),
            ]),
        ]
    }

    /// Invalidations are pushed between replies.
    private mutating func tracking() -> [Exchange] {
        let tracked = key()
        return [
            Exchange([
                Request("HELLO 3", comparison: .hello), Request("CLIENT TRACKING ON"),
                Request([Array("SET".utf8), tracked, Array("1".utf8)]), Request([Array("GET".utf8), tracked]),
            ]),
            Exchange([Request([Array("SET".utf8), tracked, Array("2".utf8)])], on: 1),
            Exchange([], collects: [.exact]),
            Exchange([Request([Array("GET".utf8), tracked]), Request("CLIENT TRACKING OFF"), Request("RESET")]),
        ]
    }

    private mutating func resetInTheMiddle() -> Exchange {
        let start = pick([
            [Request("MULTI"), Request([Array("SET".utf8), key(), value()])],
            [Request([Array("WATCH".utf8), key()])],
            [Request("SELECT \(database())"), Request("CLIENT SETNAME reset-\(name)")],
            [Request("HELLO 3", comparison: .hello)],
            [Request("SUBSCRIBE \(name):channel-0")],
        ])
        return Exchange(
            start + [
                Request("RESET"), Request("CLIENT GETNAME"), Request([Array("GET".utf8), key()]), Request("EXEC"),
            ])
    }

    private mutating func longPipeline() -> Exchange {
        Exchange((0..<Int.random(in: 100...400, using: &random)).map { _ in exactCommand() })
    }

    /// Something after which the connection is closed, by the server or by the client in the middle of it.
    private mutating func lastScene() -> [Exchange] {
        let closing: [Request] =
            switch Int.random(in: 0..<10, using: &random) {
            case 0: [command(), Request("QUIT")]
            case 1: [Request("MULTI"), exactCommand(), Request("QUIT")]
            case 2: [Request(raw: Array("*abc\r\n".utf8))]
            case 3: [exactCommand(), Request(raw: Array("*1\r\n$abc\r\n".utf8))]
            case 4: [Request(raw: Array("*2\r\n$3\r\nGET\r\nX\r\n".utf8))]
            case 5: [Request(raw: Array("*1\r\n$-7\r\n".utf8))]
            case 6: [Request("RESET"), Request(raw: Array("*99999999999999999999\r\n".utf8))]
            case 7: [Request(raw: Array("SET key \"unbalanced\r\n".utf8))]
            case 8: [Request(raw: [UInt8](repeating: 0x61, count: 70_000))]
            default: [Request("QUIT"), Request("PING", replies: 0)]
            }
        return [Exchange(closing, closes: true)]
    }
}
