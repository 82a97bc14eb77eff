import LoopbackServers

/// Plays sequences against one server and writes down what comes back.
final class SequenceRunner {
    private let connect: () throws -> BlockingConnection
    /// Kept from sequence to sequence.
    private var kept: BlockingConnection?
    private var markers = 0

    init(connect: @escaping () throws -> BlockingConnection) {
        self.connect = connect
    }

    /// The outcomes of each exchange, and at the end those of leaving each connection clean.
    func run(_ sequence: CommandSequence) -> [[Outcome]] {
        var connections: [Int: BlockingConnection] = [:]
        if sequence.reusesConnection { connections[0] = kept }
        kept = nil
        var transcript: [[Outcome]] = []
        for exchange in sequence.exchanges {
            do {
                let connection = try connections[exchange.connection] ?? open()
                connections[exchange.connection] = connection
                // A server that closes before it has read everything resets the connection, and the last replies may
                // be lost on the way; in one piece it has read everything.
                let pieces = exchange.closes ? nil : sequence.pieces
                try send(exchange.requests.flatMap(\.bytes), over: connection, pieces: pieces)
                transcript.append(read(exchange, from: connection))
            } catch {
                transcript.append([outcome(of: error)])
            }
            if exchange.closes { connections[exchange.connection] = nil }
            if transcript.last?.contains(where: \.endsConversation) == true, !exchange.closes { return transcript }
        }
        for (_, connection) in connections.sorted(by: { $0.key < $1.key }) { transcript.append(clean(connection)) }
        if transcript.last?.contains(where: \.endsConversation) != true { kept = connections[0] }
        return transcript
    }

    private func open() throws -> BlockingConnection {
        let connection = try connect()
        connection.setTimeout(seconds: 60)
        return connection
    }

    private func send(_ bytes: [UInt8], over connection: BlockingConnection, pieces: Int?) throws {
        guard let pieces, bytes.count < 20_000 else { return try connection.send(bytes) }
        for start in stride(from: 0, to: bytes.count, by: pieces) {
            try connection.send(Array(bytes[start..<min(start + pieces, bytes.count)]))
        }
    }

    private func read(_ exchange: Exchange, from connection: BlockingConnection) -> [Outcome] {
        var outcomes: [Outcome] = []
        do {
            for _ in exchange.comparisons { outcomes.append(.reply(try connection.receiveReply())) }
            if exchange.closes { outcomes.append(.reply(try connection.receiveReply())) }
        } catch {
            outcomes.append(outcome(of: error))
        }
        return outcomes
    }

    /// Brings a connection back to where it began, whatever state it is in, and reads all that still comes: a reply
    /// that nobody asked for shows here.
    private func clean(_ connection: BlockingConnection) -> [Outcome] {
        markers += 1
        let marker = Array("marker-\(markers)".utf8)
        var outcomes: [Outcome] = []
        do {
            try connection.send(Request("RESET").bytes + Request([Array("ECHO".utf8), marker]).bytes)
            while true {
                let reply = try connection.receiveReply()
                outcomes.append(.reply(reply))
                if reply == Array("$\(marker.count)\r\n".utf8) + marker + [13, 10] { return outcomes }
            }
        } catch {
            return outcomes + [outcome(of: error)]
        }
    }

    private func outcome(of error: any Error) -> Outcome {
        switch (error as? LoopbackError)?.kind {
        case .closed: .closed
        case .timedOut: .silence
        default: .failure("\(error)")
        }
    }
}

extension Outcome {
    fileprivate var endsConversation: Bool {
        if case .reply = self { false } else { true }
    }
}
