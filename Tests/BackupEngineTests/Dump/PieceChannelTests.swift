import NIOCore
import Testing

@testable import BackupEngine

@Suite struct PieceChannelTests {
    private struct Broken: Error {}

    @Test(.timeLimit(.minutes(1))) func everyPieceInOrder() async throws {
        let channel = PieceChannel(capacity: 3)
        async let sum = {
            var seen: [Int] = []
            for try await piece in channel { seen.append(piece.readableBytes) }
            return seen
        }()
        for number in 1...1000 { try await channel.send(ByteBuffer(repeating: 0, count: number)) }
        channel.finish()
        #expect(try await sum == Array(1...1000))
    }

    @Test(.timeLimit(.minutes(1))) func aFullChannelHoldsItsWriterUntilThePieceIsTaken() async throws {
        let channel = PieceChannel(capacity: 2)
        let writer = Task {
            for _ in 0..<3 { try await channel.send(ByteBuffer(string: "x")) }
            channel.finish()
        }
        var count = 0
        for try await _ in channel { count += 1 }
        #expect(count == 3)
        try await writer.value
    }

    @Test(.timeLimit(.minutes(1))) func aFailureOvertakesWhatWasNotRead() async throws {
        let channel = PieceChannel()
        try await channel.send(ByteBuffer(string: "x"))
        channel.finish(throwing: Broken())
        channel.finish()
        await #expect(throws: Broken.self) { for try await _ in channel { Issue.record("a piece of what is broken") } }
    }

    @Test(.timeLimit(.minutes(1))) func aReaderThatIsGoneEndsTheWriter() async throws {
        let channel = PieceChannel(capacity: 1)
        let writer = Task { while true { try await channel.send(ByteBuffer(string: "x")) } }
        var pieces = channel.makeAsyncIterator()
        _ = try await pieces.next()
        channel.close()
        await #expect(throws: PieceChannel.Closed.self) { try await writer.value }
    }

    @Test(.timeLimit(.minutes(1))) func bothEndsCanBeCancelled() async throws {
        let empty = PieceChannel()
        let reader = Task { for try await _ in empty {} }
        reader.cancel()
        await #expect(throws: CancellationError.self) { try await reader.value }
        let full = PieceChannel(capacity: 1)
        let writer = Task { while true { try await full.send(ByteBuffer(string: "x")) } }
        var pieces = full.makeAsyncIterator()
        _ = try await pieces.next()
        writer.cancel()
        await #expect(throws: CancellationError.self) { try await writer.value }
    }
}
