import BackupEngine
import NIOCore
import ObjectStore
import Synchronization
import Testing

struct MirroredDestinationTests {
    /// A folder in memory that fails where it is told to.
    private final class Folder: BackupDestination {
        let store = MemoryStore()
        private let folder: StoreFolder
        private let failing: String?
        /// How many pieces it takes before it fails.
        private let patience: Int

        init(failing: String? = nil, after patience: Int = 0) {
            folder = StoreFolder("shop/20260301T030000Z-7f3a", in: store)
            self.failing = failing
            self.patience = patience
        }

        private func check(_ name: String) throws {
            if name == failing { throw DumpError.upload(object: name, reason: "no room left", hint: "make room") }
        }

        func upload<Pieces: AsyncSequence & Sendable>(_ pieces: Pieces, as name: String) async throws -> StoredObject
        where Pieces.Element == ByteBuffer {
            guard name == failing else { return try await folder.upload(pieces, as: name) }
            var taken = 0
            if patience == 0 { try check(name) }
            for try await _ in pieces {
                taken += 1
                if taken == patience { try check(name) }
            }
            throw DumpError.upload(object: name, reason: "ended early", hint: nil)
        }

        func commit(_ manifest: ByteBuffer) async throws {
            try check("manifest.json")
            try await folder.commit(manifest)
        }

        func discard(_ names: [String]) async throws { try await folder.discard(names) }

        func names() async throws -> [String] {
            try await store.list().objects.map { String($0.key.text.split(separator: "/")[2]) }
        }
    }

    private struct Broken: Error {}

    private static func pieces(_ count: Int = 50, thenFailing: Bool = false) -> AsyncThrowingStream<
        ByteBuffer, any Error
    > {
        let sent = Mutex(0)
        return AsyncThrowingStream {
            let number = sent.withLock { sent in
                sent += 1
                return sent
            }
            if number <= count { return ByteBuffer(repeating: UInt8(number), count: 1000) }
            if thenFailing { throw Broken() }
            return nil
        }
    }

    private func mirrored(
        _ required: [Folder], _ others: [Folder] = [], needed: Int? = nil
    ) -> MirroredDestination {
        MirroredDestination(
            required.enumerated().map { .init("required-\($0.offset)", $0.element, isRequired: true) }
                + others.enumerated().map { .init("other-\($0.offset)", $0.element, isRequired: false) }, needed: needed
        )
    }

    @Test func everyStoreGetsTheSame() async throws {
        let folders = [Folder(), Folder(), Folder()]
        let destination = mirrored([folders[0], folders[1]], [folders[2]])
        let stored = try await destination.upload(Self.pieces(), as: "rows")
        try await destination.commit(ByteBuffer(string: "{}"))
        #expect(stored.bytes == 50_000)
        #expect(destination.lost == [])
        var etags: Set<String> = []
        for folder in folders {
            #expect(try await folder.names() == ["manifest.json", "rows"])
            let key = try ObjectKey("shop/20260301T030000Z-7f3a/rows")
            etags.insert(String(buffer: try await folder.store.read(key, range: nil).collected(upTo: 50_000)))
        }
        #expect(etags.count == 1)
    }

    @Test(arguments: [0, 1, 10])
    func oneThatIsNotRequiredMayFail(after patience: Int) async throws {
        let (good, bad) = (Folder(), Folder(failing: "more", after: patience))
        let destination = mirrored([good], [bad])
        _ = try await destination.upload(Self.pieces(), as: "rows")
        _ = try await destination.upload(Self.pieces(), as: "more")
        _ = try await destination.upload(Self.pieces(), as: "last")
        try await destination.commit(ByteBuffer(string: "{}"))
        #expect(try await good.names() == ["last", "manifest.json", "more", "rows"])
        // Neither a manifest nor what it had got before.
        #expect(try await bad.names() == [])
        #expect(destination.lost == [.init(store: "other-0", reason: "more: no room left", hint: "make room")])
    }

    @Test(arguments: [0, 1, 10])
    func oneThatIsRequiredMayNot(after patience: Int) async throws {
        let (good, bad) = (Folder(), Folder(failing: "rows", after: patience))
        let destination = mirrored([good, bad], [Folder()])
        let error = await #expect(throws: DumpError.self) {
            _ = try await destination.upload(Self.pieces(), as: "rows")
        }
        #expect(error?.description == "required-1: rows: no room left")
        #expect(error?.hint == "make room")
        #expect(try await good.names() == [])
    }

    /// `required: 2` of three: one may fail, whenever it does, two may not.
    @Test(arguments: ["rows", "last", "manifest.json"])
    func soManyOfTheRequiredOnesAreEnough(failing name: String) async throws {
        let (one, two, bad) = (Folder(), Folder(), Folder(failing: name))
        let destination = mirrored([one, bad, two], needed: 2)
        for object in ["rows", "last"] { _ = try await destination.upload(Self.pieces(), as: object) }
        try await destination.commit(ByteBuffer(string: "{}"))
        #expect(destination.lost.map(\.store) == ["required-1"])
        for folder in [one, two] { #expect(try await folder.names() == ["last", "manifest.json", "rows"]) }
        #expect(try await bad.names() == [])

        let folders = [Folder(), Folder(failing: name), Folder(failing: name)]
        let second = mirrored(folders, [Folder()], needed: 2)
        await #expect(throws: DumpError.self) {
            for object in ["rows", "last"] { _ = try await second.upload(Self.pieces(), as: object) }
            try await second.commit(ByteBuffer(string: "{}"))
        }
        try await second.discard(["rows", "last"])
        for folder in folders { #expect(try await folder.names() == []) }
    }

    @Test func aManifestInOneOfTwoRequiredStoresIsTakenBack() async throws {
        let (good, bad, other) = (Folder(), Folder(failing: "manifest.json"), Folder())
        let destination = mirrored([good, bad], [other])
        _ = try await destination.upload(Self.pieces(), as: "rows")
        await #expect(throws: DumpError.self) { try await destination.commit(ByteBuffer(string: "{}")) }
        #expect(try await other.names() == ["rows"])
        try await destination.discard(["rows"])
        for folder in [good, bad, other] { #expect(try await folder.names() == []) }
    }

    @Test func anErrorOfTheSourceIsNoStoresFault() async throws {
        let (one, two) = (Folder(), Folder())
        let destination = mirrored([one], [two])
        await #expect(throws: (any Error).self) {
            _ = try await destination.upload(Self.pieces(3, thenFailing: true), as: "rows")
        }
        #expect(try await one.names() + two.names() == [])
    }

    @Test func aManifestMissingInAnotherStoreIsALoss() async throws {
        let (good, bad) = (Folder(), Folder(failing: "manifest.json"))
        let destination = mirrored([good], [bad])
        _ = try await destination.upload(Self.pieces(), as: "rows")
        try await destination.commit(ByteBuffer(string: "{}"))
        #expect(destination.lost.map(\.store) == ["other-0"])
        #expect(try await good.names() == ["manifest.json", "rows"])
        #expect(try await bad.names() == [])
    }
}
