import Crypto
import Foundation
import NIOCore
import ObjectStore
import Testing

/// What every object store does. The servers are real.
@Suite(.serialized) struct ObjectStoreContractTests {
    private func text(_ store: any ObjectStore, _ key: String) async throws -> String {
        String(buffer: try await store.read(try ObjectKey(key)).collected(upTo: 1000))
    }

    @Test(arguments: StoreKind.allCases)
    func whatWasPutIsThere(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let key = try ObjectKey("folder/object")
            let started = Date()
            let written = try await store.put(ByteBuffer(string: "first"), at: key)
            #expect(written.size == 5)
            #expect(written.sha256 == "a7937b64b8caa58f03721bb6bacf5c78cb235febe0e70b1b84cd99541461a08e")
            let info = try await store.info(of: key)
            #expect(info.key == key)
            #expect(info.size == 5)
            #expect(abs(info.modified.timeIntervalSince(started)) < 60)
            #expect(try await text(store, "folder/object") == "first")
            _ = try await store.put(ByteBuffer(string: "second"), at: key)
            #expect(try await text(store, "folder/object") == "second")
            _ = try await store.put(ByteBuffer(), at: key)
            #expect(try await store.info(of: key).size == 0)
            #expect(try await text(store, "folder/object") == "")
        }
    }

    @Test(arguments: StoreKind.allCases)
    func aConditionalPutNeverReplaces(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let key = try ObjectKey("manifest.json")
            _ = try await store.put(ByteBuffer(string: "first"), at: key, ifAbsent: true)
            await #expect(throws: ObjectStoreError.alreadyExists(key)) {
                try await store.put(ByteBuffer(string: "second"), at: key, ifAbsent: true)
            }
            #expect(try await text(store, "manifest.json") == "first")
            try await store.delete([key])
            _ = try await store.put(ByteBuffer(string: "third"), at: key, ifAbsent: true)
            #expect(try await text(store, "manifest.json") == "third")
        }
    }

    @Test(arguments: [StoreKind.memory, .directory])
    func ofSeveralConditionalPutsOneSucceeds(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let key = try ObjectKey("manifest.json")
            let winners = await withTaskGroup(of: Int.self) { group in
                for number in 0..<16 {
                    group.addTask {
                        let bytes = ByteBuffer(string: "\(number)")
                        return (try? await store.put(bytes, at: key, ifAbsent: true)) == nil ? 0 : 1
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(winners == 1)
            #expect(try await store.unfinishedUploads().isEmpty)
        }
    }

    /// Around the size of a part, and pieces that fit into it and do not.
    @Test(arguments: StoreKind.allCases)
    func uploadsOfEveryLength(_ kind: StoreKind) async throws {
        let part = S3Fixture.partSize
        try await kind.withStore { store in
            for lengths in [
                [], [0, 0], [1], [part - 1], [part], [part, 0, 1], [part / 2, part / 2, 0], [2 * part],
                [part * 2 + 17, 3], Array(repeating: 700_001, count: 17),
            ] {
                let key = try ObjectKey("upload/\(lengths.count)-\(lengths.first ?? 0)")
                let total = lengths.reduce(0, +)
                let content = Pieces.content(0..<total)
                let written = try await store.upload(Pieces(lengths), to: key)
                #expect(written.size == total)
                let hash = content.withUnsafeReadableBytes { SHA256.hash(data: $0) }
                #expect(written.sha256 == hash.map { String(format: "%02x", $0) }.joined())
                let body = try await store.read(key)
                #expect(body.info.size == total)
                #expect(try await body.collected(upTo: total) == content)
            }
            #expect(try await store.unfinishedUploads().isEmpty)
        }
    }

    @Test(arguments: StoreKind.allCases)
    func rangesOfAnObject(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let key = try ObjectKey("ranges")
            let size = S3Fixture.partSize + 1000
            _ = try await store.upload(Pieces([size]), to: key)
            for range in [
                0..<1, 5..<10, 4_000_000..<(size - 1), (size - 1)..<size, (size - 2)..<(size + 100), 0..<size,
            ] {
                let body = try await store.read(key, range: Int64(range.lowerBound)..<Int64(range.upperBound))
                #expect(body.info.size == size)
                let expected = range.clamped(to: 0..<size)
                #expect(body.range == Int64(expected.lowerBound)..<Int64(expected.upperBound))
                #expect(try await body.collected(upTo: size) == Pieces.content(expected))
            }
            await #expect(throws: ObjectStoreError.rangeOutside(key, size: Int64(size))) {
                try await store.read(key, range: Int64(size)..<Int64(size + 1))
            }
            await #expect(throws: ObjectStoreError.tooLarge(key, size: Int64(size), limit: 10)) {
                try await store.read(key).collected(upTo: 10)
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func whatIsNotThere(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let key = try ObjectKey("not/there")
            await #expect(throws: ObjectStoreError.notFound(key)) { try await store.info(of: key) }
            await #expect(throws: ObjectStoreError.notFound(key)) { try await store.read(key) }
            await #expect(throws: ObjectStoreError.notFound(key)) { try await store.read(key, range: 0..<5) }
            try await store.delete([key])
            #expect(try await store.list().objects.isEmpty)
            #expect(try await store.unfinishedUploads().isEmpty)
        }
    }

    static let oddNames = [
        "with space", "a+b", "a%20b", "a&b=c?d#e", "ünïcödé/日本語", "e\u{301}", "é", "trailing.", "..hidden", "~tilde",
        "quote'\"<>", "back\\slash", "semi;colon,comma@at!$()*[]{}|^`", "emoji-🌊", "...", "a:b", "-", "A", "a", "_",
        ".~short", "plus + and space/in both",
    ]

    @Test(arguments: StoreKind.allCases)
    func oddNamesAreKept(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let keys = try Self.oddNames.map { try ObjectKey($0) }
            for key in keys { _ = try await store.put(ByteBuffer(string: "<\(key)>"), at: key) }
            #expect(try await store.list().objects.map(\.key) == keys.sorted())
            for key in keys { #expect(try await text(store, key.text) == "<\(key)>") }
            try await store.delete(Array(keys.dropLast()))
            #expect(try await store.list().objects.map(\.key) == keys.suffix(1))
        }
    }

    @Test(arguments: StoreKind.allCases)
    func listings(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            var names = (100..<150).map { "chunks/\($0)" }
            names += ["a/1/manifest", "a/2/manifest", "a/2/x/y", "a/file", "b", "chunks.old"]
            for name in names.shuffled() { _ = try await store.put(ByteBuffer(string: "x"), at: try ObjectKey(name)) }
            let everything = try await store.list()
            #expect(everything.objects.map(\.key.text) == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
            #expect(everything.objects.allSatisfy { $0.size == 1 })
            #expect(try await store.list(prefix: "chunks/").objects.count == 50)
            #expect(try await store.list(prefix: "chunks/12").objects.count == 10)
            #expect(try await store.list(prefix: "none").objects.isEmpty)
            let top = try await store.list(foldersOnly: true)
            #expect(top.objects.map(\.key.text) == ["b", "chunks.old"])
            #expect(top.folders == ["a/", "chunks/"])
            let inner = try await store.list(prefix: "a/", foldersOnly: true)
            #expect(inner.objects.map(\.key.text) == ["a/file"])
            #expect(inner.folders == ["a/1/", "a/2/"])
            await #expect(throws: ObjectStoreError.listingTooLong(limit: 55)) { try await store.list(limit: 55) }
            try await store.delete(try names.map { try ObjectKey($0) })
            #expect(try await store.list().objects.isEmpty)
        }
    }

    private struct Failure: Error {}

    /// The bytes fail within the first part, and behind it.
    @Test(arguments: StoreKind.allCases, [1, 4])
    func aFailedUploadLeavesNothing(_ kind: StoreKind, failing: Int) async throws {
        try await kind.withStore { store in
            let key = try ObjectKey("object")
            _ = try await store.put(ByteBuffer(string: "before"), at: key)
            let pieces = Pieces(Array(repeating: 3_000_000, count: 6)) { if $0 == failing { throw Failure() } }
            await #expect(throws: Failure.self) { try await store.upload(pieces, to: key) }
            await #expect(throws: Failure.self) { try await store.upload(pieces, to: try ObjectKey("other")) }
            #expect(try await text(store, "object") == "before")
            #expect(try await store.list().objects.map(\.key) == [key])
            #expect(try await store.unfinishedUploads().isEmpty)
        }
    }

    /// A sequence that just ends when its task is cancelled, as `AsyncStream` does, has not come to its end.
    @Test(arguments: StoreKind.allCases, [1, 4])
    func aCancelledUploadLeavesNothing(_ kind: StoreKind, at index: Int) async throws {
        try await kind.withStore { store in
            let (stream, source) = AsyncStream.makeStream(of: ByteBuffer.self)
            let (arrivals, arrived) = AsyncStream.makeStream(of: Void.self)
            let key = try ObjectKey("object")
            let upload = Task {
                try await store.upload(Watched(base: stream) { if $0 == index { arrived.finish() } }, to: key)
            }
            for number in 0...index { source.yield(Pieces.content(number..<(number + 3_000_000))) }
            for await _ in arrivals {}
            upload.cancel()
            await #expect(throws: CancellationError.self) { try await upload.value }
            #expect(try await store.list().objects.isEmpty)
            #expect(try await store.unfinishedUploads().isEmpty)
        }
    }

    /// Tells of each piece that is taken.
    private struct Watched: AsyncSequence, Sendable {
        let base: AsyncStream<ByteBuffer>
        let taken: @Sendable (Int) -> Void

        func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator(), taken: taken) }

        struct AsyncIterator: AsyncIteratorProtocol {
            var base: AsyncStream<ByteBuffer>.AsyncIterator
            let taken: @Sendable (Int) -> Void
            var count = 0

            mutating func next() async -> ByteBuffer? {
                let piece = await base.next()
                if piece != nil { taken(count) }
                count += 1
                return piece
            }
        }
    }

    @Test(arguments: StoreKind.allCases)
    func anUploadInProgressIsSeenAndCanBeGivenUp(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let key = try ObjectKey("folder/in progress")
            let pieces = Pieces(Array(repeating: S3Fixture.partSize, count: 4)) { index in
                guard index == 3 else { return }
                let unfinished = try await store.unfinishedUploads()
                #expect(unfinished.map(\.key) == [key])
                #expect(unfinished.allSatisfy { abs($0.started.timeIntervalSinceNow) < 60 })
                #expect(try await store.list().objects.isEmpty)
                for upload in unfinished {
                    try await store.abort(upload)
                    // It is gone already.
                    try await store.abort(upload)
                }
            }
            await #expect(throws: ObjectStoreError.uploadGone(key)) { try await store.upload(pieces, to: key) }
            #expect(try await store.list().objects.isEmpty)
            #expect(try await store.unfinishedUploads().isEmpty)
        }
    }

    @Test(arguments: [StoreKind.memory, .directory])
    func whatIsBeingReadStaysWhatItWas(_ kind: StoreKind) async throws {
        try await kind.withStore { store in
            let key = try ObjectKey("object")
            _ = try await store.upload(Pieces([1_000_000]), to: key)
            let body = try await store.read(key)
            _ = try await store.put(ByteBuffer(string: "new"), at: key)
            #expect(try await body.collected(upTo: 1_000_000) == Pieces.content(0..<1_000_000))
            try await store.delete([key])
        }
    }
}
