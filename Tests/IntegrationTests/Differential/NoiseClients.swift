import Foundation
import LoopbackServers
import Synchronization

/// Clients of the sidecar that do whatever changes a connection's state, all the while: what leaks from one client
/// into another shows in the replies of both. They keep to databases and keys of their own, and check what they get.
final class NoiseClients: Sendable {
    private let stopping = Mutex(false)
    private let complaints = Mutex<[String]>([])
    private let rounds = Mutex([String: Int]())
    private let group = DispatchGroup()

    /// Starts one thread for each kind of noise and each of `connects`.
    init(connects: [@Sendable () throws -> BlockingConnection]) {
        for (index, connect) in connects.enumerated() {
            for kind in Kind.allCases {
                group.enter()
                let thread = Thread { [self] in
                    defer { group.leave() }
                    run(kind, number: 40 + index, connect)
                }
                thread.start()
            }
        }
    }

    /// Ends the noise and says what was wrong with it, and how often each kind was made.
    func stop() -> (complaints: [String], rounds: [String: Int]) {
        stopping.withLock { $0 = true }
        group.wait()
        return (complaints.withLock { $0 }, rounds.withLock { $0 })
    }

    private enum Kind: String, CaseIterable {
        case selecting, transactions, watching, blocking, subscribing, protocols, silent, vanishing
    }

    private func run(_ kind: Kind, number: Int, _ connect: () throws -> BlockingConnection) {
        var round = 0
        while !stopping.withLock({ $0 }) {
            round += 1
            do {
                let connection = try connect()
                connection.setTimeout(seconds: 60)
                try make(kind, "noise-\(kind)-\(number)", number, round, connection)
            } catch {
                complaints.withLock { $0.append("\(kind), round \(round): \(error)") }
                return
            }
            rounds.withLock { $0[kind.rawValue, default: 0] += 1 }
            // Leaves the processor to the clients that are compared.
            usleep(15_000)
        }
    }

    private func make(_ kind: Kind, _ key: String, _ database: Int, _ round: Int, _ connection: BlockingConnection)
        throws
    {
        func expect(_ command: String, _ reply: String) throws {
            let words = command.split(separator: " ").map { Array($0.utf8) }
            try connection.send(BlockingConnection.encoded(words))
            try receive(reply, to: command)
        }
        func receive(_ reply: String, to command: String) throws {
            let got = String(decoding: try connection.receiveReply(), as: UTF8.self)
            guard got == reply else { throw LoopbackError("\(command) was answered \(got), not \(reply)") }
        }
        switch kind {
        case .selecting:
            try expect("SELECT \(database)", "+OK\r\n")
            try expect("SET \(key) here-\(round)", "+OK\r\n")
            try expect("SELECT \(database + 4)", "+OK\r\n")
            try expect("GET \(key)", "$-1\r\n")
            try expect("SELECT \(database)", "+OK\r\n")
            try expect("GETDEL \(key)", "$\(5 + "\(round)".count)\r\nhere-\(round)\r\n")
        case .transactions:
            try expect("SELECT \(database)", "+OK\r\n")
            try expect("SET \(key) 1", "+OK\r\n")
            try expect("MULTI", "+OK\r\n")
            try expect("INCR \(key)", "+QUEUED\r\n")
            try expect("GET \(key)", "+QUEUED\r\n")
            try expect("EXEC", "*2\r\n:2\r\n$1\r\n2\r\n")
        case .watching:
            try expect("SELECT \(database)", "+OK\r\n")
            try expect("WATCH \(key)", "+OK\r\n")
            if round.isMultiple(of: 2) { try expect("SET \(key) changed", "+OK\r\n") }
            try expect("MULTI", "+OK\r\n")
            try expect("PING", "+QUEUED\r\n")
            try expect("EXEC", round.isMultiple(of: 2) ? "*-1\r\n" : "*1\r\n+PONG\r\n")
        case .blocking:
            try expect("SELECT \(database)", "+OK\r\n")
            try expect("BLPOP \(key) 0.01", "*-1\r\n")
            try expect("RPUSH \(key) \(round)", ":1\r\n")
            try expect(
                "BLPOP \(key) 60", "*2\r\n$\(key.count)\r\n\(key)\r\n$\("\(round)".count)\r\n\(round)\r\n")
        case .subscribing:
            try expect("SUBSCRIBE \(key)", "*3\r\n$9\r\nsubscribe\r\n$\(key.count)\r\n\(key)\r\n:1\r\n")
            try expect("PING", "*2\r\n$4\r\npong\r\n$0\r\n\r\n")
            try expect("UNSUBSCRIBE \(key)", "*3\r\n$11\r\nunsubscribe\r\n$\(key.count)\r\n\(key)\r\n:0\r\n")
            try expect("GET \(key)", "$-1\r\n")
        case .protocols:
            try connection.send(Request("HELLO 3").bytes)
            _ = try connection.receiveReply()
            try expect("GET \(key)", "_\r\n")
            try expect("HGETALL \(key)", "%0\r\n")
            try expect("CLIENT SETNAME \(key)", "+OK\r\n")
            try expect("CLIENT GETNAME", "$\(key.count)\r\n\(key)\r\n")
            try expect("RESET", "+RESET\r\n")
            try expect("GET \(key)", "$-1\r\n")
            try expect("CLIENT GETNAME", "$-1\r\n")
        case .silent:
            try connection.send(Request("CLIENT REPLY OFF").bytes)
            try connection.send(Request("SELECT \(database)").bytes + Request("SET \(key) quiet").bytes)
            try expect("CLIENT REPLY ON", "+OK\r\n")
            try expect("GETDEL \(key)", "$5\r\nquiet\r\n")
        case .vanishing:
            let starts = [
                "MULTI", "WATCH \(key)", "BLPOP \(key) 0", "SUBSCRIBE \(key)", "SELECT \(database)", "MONITOR",
            ]
            try connection.send(Request(starts[round % starts.count]).bytes + Request("SET \(key) 1").bytes.dropLast(3))
        }
    }
}
