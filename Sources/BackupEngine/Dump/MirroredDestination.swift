package import NIOCore
internal import ObjectStore
internal import Synchronization

/// One backup in several stores at once, which get the same encrypted bytes.
///
/// So many of the `required` ones must have it: when too few are left, there is no backup in any. One that may fail and
/// does is left out from there on, and said to be (``lost``). The slowest store sets the pace; of each object there are a few
/// pieces for each store in memory.
package final class MirroredDestination: BackupDestination {
    /// A store's folder, by the name that people know the store by.
    package struct Mirror: Sendable {
        package var name: String
        package var folder: any BackupDestination
        package var isRequired: Bool

        package init(_ name: String, _ folder: any BackupDestination, isRequired: Bool) {
            self.name = name
            self.folder = folder
            self.isRequired = isRequired
        }
    }

    /// Why a store lacks the backup.
    package struct Loss: Error, Equatable, CustomStringConvertible {
        package var store: String
        package var reason: String
        package var hint: String?

        package init(store: String, reason: String, hint: String? = nil) {
            self.store = store
            self.reason = reason
            self.hint = hint
        }

        package var description: String { "\(store): \(reason)" }
    }

    private struct State {
        var losses: [Int: Loss] = [:]
        var names: [String] = []
    }

    private let mirrors: [Mirror]
    /// How many of those that are required may fail.
    private let spare: Int
    private let state = Mutex(State())

    /// - Parameters:
    ///   - mirrors: At least one, of which one is required.
    ///   - needed: How many of the required ones must have the backup; nil for all of them.
    package init(_ mirrors: [Mirror], needed: Int? = nil) {
        let required = mirrors.count(where: \.isRequired)
        precondition(required > 0, "a backup has to be somewhere")
        self.mirrors = mirrors
        spare = required - max(1, min(needed ?? required, required))
    }

    /// The stores that do not have the backup, although there is one.
    package var lost: [Loss] { state.withLock { state in state.losses.sorted { $0.key < $1.key }.map(\.value) } }

    private var live: [Int] { state.withLock { state in mirrors.indices.filter { state.losses[$0] == nil } } }

    package func upload<Pieces: AsyncSequence & Sendable>(
        _ pieces: Pieces, as name: String
    ) async throws -> StoredObject where Pieces.Element == ByteBuffer {
        let live = state.withLock { state in
            state.names.append(name)
            return mirrors.indices.filter { state.losses[$0] == nil }
        }
        return try await withThrowingTaskGroup(of: (Int, StoredObject)?.self) { group in
            var channels: [(mirror: Int, channel: PieceChannel)] = []
            for index in live {
                let channel = PieceChannel(capacity: 2)
                channels.append((index, channel))
                group.addTask { try await self.store(channel, as: name, in: index).map { (index, $0) } }
            }
            group.addTask { [channels] in
                try await Self.feed(pieces, to: channels)
                return nil
            }
            var stored: [Int: StoredObject] = [:]
            do {
                for try await case let (index, object)? in group { stored[index] = object }
            } catch {
                // Whoever waits for a piece, or for room, goes on.
                for (_, channel) in channels {
                    channel.close()
                    channel.finish(throwing: error)
                }
                throw error
            }
            return try agreed(stored, on: name)
        }
    }

    /// Gives every piece to every store that takes it.
    private static func feed<Pieces: AsyncSequence & Sendable>(
        _ pieces: Pieces, to channels: [(mirror: Int, channel: PieceChannel)]
    ) async throws where Pieces.Element == ByteBuffer {
        do {
            for try await piece in pieces {
                for (_, channel) in channels {
                    // A store that gave up says so itself.
                    do { try await channel.send(piece) } catch is PieceChannel.Closed { continue }
                }
            }
            for (_, channel) in channels { channel.finish() }
        } catch {
            for (_, channel) in channels { channel.finish(throwing: error) }
            throw error
        }
    }

    /// Nil when a store failed that may.
    private func store(_ channel: PieceChannel, as name: String, in index: Int) async throws -> StoredObject? {
        do {
            return try await mirrors[index].folder.upload(channel, as: name)
        } catch {
            channel.close()
            try lose(index, error)
            return nil
        }
    }

    /// What the stores say must be one and the same.
    private func agreed(_ stored: [Int: StoredObject], on name: String) throws -> StoredObject {
        guard let first = mirrors.indices.first(where: { mirrors[$0].isRequired && stored[$0] != nil }),
            let object = stored[first]
        else { throw DumpError.upload(object: name, reason: "no store has taken it", hint: nil) }
        for (index, other) in stored where other != object {
            try lose(index, DumpError.upload(object: name, reason: "it has other bytes than were sent", hint: nil))
        }
        return object
    }

    /// Goes on without a store, unless too few are left or the whole is being ended.
    private func lose(_ index: Int, _ error: any Error) throws {
        let mirror = mirrors[index]
        guard !(error is CancellationError), !Task.isCancelled else { throw error }
        let loss = loss(of: index, error)
        // Decided and noted in one step: two that fail at once are not both the one that may.
        let isSpared = state.withLock { state in
            let lost = state.losses.keys.count { mirrors[$0].isRequired && $0 != index }
            guard !mirror.isRequired || lost < spare else { return false }
            if state.losses[index] == nil { state.losses[index] = loss }
            return true
        }
        if !isSpared {
            guard mirrors.count > 1 else { throw error }
            if case DumpError.store(let object, let error) = error {
                throw DumpError.store(object: "\(mirror.name): \(object)", error)
            }
            throw DumpError.upload(object: mirror.name, reason: loss.reason, hint: loss.hint)
        }
    }

    private func loss(of index: Int, _ error: any Error) -> Loss {
        switch error {
        case DumpError.upload(let object, let reason, let hint):
            Loss(store: mirrors[index].name, reason: "\(object): \(reason)", hint: hint)
        case DumpError.store(let object, let error):
            Loss(store: mirrors[index].name, reason: "\(object): \(error)", hint: error.hint)
        case is CancellationError: Loss(store: mirrors[index].name, reason: "interrupted")
        default: Loss(store: mirrors[index].name, reason: "\(error)")
        }
    }

    private func record(_ loss: Loss, _ index: Int) {
        state.withLock { state in if state.losses[index] == nil { state.losses[index] = loss } }
    }

    /// The required stores first: from then on there is a backup, and nothing takes it back, a cancellation neither.
    package func commit(_ manifest: ByteBuffer) async throws {
        let live = live
        for index in live where mirrors[index].isRequired {
            do { try await mirrors[index].folder.commit(manifest) } catch { try lose(index, error) }
        }
        for index in live where !mirrors[index].isRequired {
            do {
                try await mirrors[index].folder.commit(manifest)
            } catch {
                record(loss(of: index, error), index)
            }
        }
        let (names, gone) = state.withLock { ($0.names, $0.losses.keys.sorted()) }
        for index in gone { try? await mirrors[index].folder.discard(names) }
    }

    /// From every store, each on its own.
    package func discard(_ names: [String]) async throws {
        var first: (any Error)?
        for mirror in mirrors {
            do { try await mirror.folder.discard(names) } catch { first = first ?? error }
        }
        if let first { throw first }
    }
}
