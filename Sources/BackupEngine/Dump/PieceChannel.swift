package import NIOCore
internal import Synchronization

/// Pieces of one object on their way from the connection that makes them to the upload that takes them.
package typealias PieceChannel = BoundedChannel<ByteBuffer>

/// What is on its way from one task to another: one writer, one reader. The writer waits while it is full, so that
/// memory stays bounded however slow the reader is.
package final class BoundedChannel<Element: Sendable>: AsyncSequence, Sendable {
    /// The reader is gone.
    struct Closed: Error {}

    private enum End {
        case whole
        case failed(any Error)
    }

    private struct State {
        var pieces: [Element] = []
        var end: End?
        var isClosed = false
        var reader: CheckedContinuation<Element?, any Error>?
        var writer: CheckedContinuation<Void, any Error>?

        /// What the reader gets now; nil while it has to wait.
        mutating func take() -> Result<Element?, any Error>? {
            if !pieces.isEmpty { return .success(pieces.removeFirst()) }
            switch end {
            case .whole: return .success(nil)
            case .failed(let error): return .failure(error)
            case nil: return nil
            }
        }
    }

    private let state = Mutex(State())
    private let capacity: Int

    init(capacity: Int = 4) {
        self.capacity = capacity
    }

    /// Returns when there is room for more.
    /// - Throws: `Closed` when nobody will read it; `CancellationError`.
    func send(_ piece: Element) async throws {
        try Task.checkCancellation()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let actions: (reader: CheckedContinuation<Element?, any Error>?, isDone: Bool, isClosed: Bool) =
                    state.withLock { state in
                        if state.isClosed { return (nil, true, true) }
                        if let reader = state.reader {
                            state.reader = nil
                            return (reader, true, false)
                        }
                        state.pieces.append(piece)
                        if state.pieces.count < capacity { return (nil, true, false) }
                        state.writer = continuation
                        return (nil, false, false)
                    }
                actions.reader?.resume(returning: piece)
                if actions.isDone {
                    if actions.isClosed { continuation.resume(throwing: Closed()) } else { continuation.resume() }
                }
                // The handler may have run before there was anything to resume.
                if Task.isCancelled { cancelWriter() }
            }
        } onCancel: {
            cancelWriter()
        }
    }

    private func cancelWriter() {
        let writer = state.withLock { state in
            defer { state.writer = nil }
            return state.writer
        }
        writer?.resume(throwing: CancellationError())
    }

    /// Nothing more comes: the object is whole, or `error` is why not. Doing it again does nothing.
    func finish(throwing error: (any Error)? = nil) {
        let reader: (CheckedContinuation<Element?, any Error>, Result<Element?, any Error>)? = state.withLock {
            state in
            guard state.end == nil else { return nil }
            state.end = error.map(End.failed) ?? .whole
            // What was made before a failure is of no use to anybody.
            if error != nil { state.pieces = [] }
            guard let reader = state.reader, let result = state.take() else { return nil }
            state.reader = nil
            return (reader, result)
        }
        if let reader { reader.0.resume(with: reader.1) }
    }

    /// Nothing more is read.
    func close() {
        let writer = state.withLock { state in
            state.isClosed = true
            state.pieces = []
            defer { state.writer = nil }
            return state.writer
        }
        writer?.resume(throwing: Closed())
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(channel: self) }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let channel: BoundedChannel

        package mutating func next() async throws -> Element? { try await channel.next() }
    }

    private func next() async throws -> Element? {
        try Task.checkCancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let actions: (CheckedContinuation<Void, any Error>?, Result<Element?, any Error>?) =
                    state.withLock { state in
                        guard let result = state.take() else {
                            state.reader = continuation
                            return (nil, nil)
                        }
                        defer { state.writer = nil }
                        return (state.writer, result)
                    }
                actions.0?.resume()
                if let result = actions.1 { continuation.resume(with: result) }
                if Task.isCancelled { cancelReader() }
            }
        } onCancel: {
            cancelReader()
        }
    }

    private func cancelReader() {
        let reader = state.withLock { state in
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(throwing: CancellationError())
    }
}
