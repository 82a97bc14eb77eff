import Foundation
import LoopbackServers
import Testing

/// Redis' commands must behave through the sidecar as they do directly: generated sequences are played against a Redis
/// and, through the sidecar, against another one alike, and every reply is compared. All the while other clients of
/// the sidecar change the state of their connections, so that what leaks from one client to another is seen.
///
/// Not compared: what one server says about itself (INFO, TIME, CLIENT LIST …: there must be a reply), random picks
/// (the same type and count), the order of hash tables. Not sent: what would stop or reconfigure the server, and what
/// the sidecar refuses by design (docs/redis-commands.md).
///
/// `BREAKWATER_SEED=N` plays other sequences; a failure names the seed that brings it back.
@Suite(.serialized)
struct DifferentialTests {
    static let seed = ProcessInfo.processInfo.environment["BREAKWATER_SEED"].flatMap { UInt64($0) } ?? 20_260_301

    /// The other flavours get fewer sequences: what differs is the server, not the sidecar.
    @Test(arguments: [(ServerFlavour.redis, 700), (.valkey8, 200), (.valkey9, 200)])
    func manyClientsAtOnce(flavour: ServerFlavour, sequences: Int) async throws {
        try await compare(flavour, workers: 4, sequences: sequences)
    }

    @Test(arguments: [(ServerFlavour.redis, 400), (.valkey8, 150), (.valkey9, 150)])
    func oneClientThatTracksKeys(flavour: ServerFlavour, sequences: Int) async throws {
        try await compare(flavour, workers: 1, sequences: sequences)
    }

    private func compare(_ flavour: ServerFlavour, workers: Int, sequences: Int) async throws {
        let fixture = try await Self.fixture(flavour)
        let sidecar = fixture.sidecar
        let noise = NoiseClients(connects: [{ try sidecar.connectOverTCP() }, { try sidecar.connectOverUnix() }])
        let mismatches = await onThreads(workers) { worker in
            Self.play(worker: worker, of: workers, sequences: sequences, on: fixture)
        }
        let (complaints, rounds) = try await onThread { noise.stop() }

        for mismatch in mismatches.joined() { Issue.record("\(mismatch)") }
        for complaint in complaints { Issue.record("noise: \(complaint)") }
        #expect(rounds.count == 8 && rounds.values.allSatisfy { $0 > 20 }, "there was too little noise: \(rounds)")
        #expect(fixture.sidecarProcess.isRunning, "\(fixture.sidecarProcess.lastWords)")
    }

    /// Servers are started on a thread of their own, for that blocks.
    private static func fixture(_ flavour: ServerFlavour) async throws -> SidecarFixture {
        try await onThread { try SidecarFixture(flavour) }
    }

    private static func play(worker: Int, of workers: Int, sequences: Int, on fixture: SidecarFixture) -> [Mismatch] {
        // Half of the workers come over TCP, the others through the unix socket.
        let isUnix = worker.isMultiple(of: 2)
        func connect(_ place: LoopbackPlace) throws -> BlockingConnection {
            try isUnix ? place.connectOverUnix() : place.connectOverTCP()
        }
        var generator = CommandGenerator(seed: seed, worker: worker, isAlone: workers == 1)
        let direct = SequenceRunner { try connect(fixture.direct) }
        let sidecar = SequenceRunner { try connect(fixture.sidecar) }
        var mismatches: [Mismatch] = []
        for number in 0..<sequences {
            let sequence = generator.sequence()
            let mismatch = Mismatch.first(
                in: sequence, direct: direct.run(sequence), sidecar: sidecar.run(sequence),
                origin: "seed \(seed), worker \(worker) of \(workers), sequence \(number)")
            if let mismatch { mismatches.append(mismatch) }
            // Once two servers hold different data, everything after differs too: the first few say enough.
            if mismatches.count == 3 { break }
        }
        return mismatches
    }
}
