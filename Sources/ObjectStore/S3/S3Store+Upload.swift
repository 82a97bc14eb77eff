internal import CloudHTTP
internal import Crypto
internal import FoundationEssentials
internal import Logging
package import NIOCore
internal import NIOHTTP1

extension S3Store {
    /// What is shorter than a part is put in one request. Everything else goes in parts, several at a time; whatever
    /// ends it before its time, the parts are removed.
    package func upload<Pieces: AsyncSequence & Sendable>(
        _ pieces: Pieces, to key: ObjectKey
    ) async throws -> WrittenObject where Pieces.Element == ByteBuffer {
        var parts = PartCollector(pieces, partSize: settings.partSize)
        let first = try await parts.next()
        guard let first, !parts.isAtEnd else { return try await put(first ?? ByteBuffer(), at: key) }
        let nonce = UUID().uuidString
        // Even in a task that is cancelled meanwhile: an upload that is begun and whose id nobody knows stays.
        let id = try await Task { try await beginUpload(of: key, nonce) }.value
        do {
            let etags = try await send(first, &parts, key, id)
            try Task.checkCancellation()
            try await completeUpload(of: key, id, nonce, etags)
        } catch {
            await giveUp(key, id)
            throw error
        }
        return WrittenObject(key: key, size: parts.size, sha256: parts.sha256)
    }

    private func send<Pieces: AsyncSequence>(
        _ first: ByteBuffer, _ parts: inout PartCollector<Pieces>, _ key: ObjectKey, _ id: String
    ) async throws -> [(number: Int, etag: String)] {
        try await withThrowingTaskGroup(of: (number: Int, etag: String).self) { group in
            var sent: [(number: Int, etag: String)] = []
            var number = 1
            var part: ByteBuffer? = first
            while let bytes = part {
                guard number <= Self.mostParts else {
                    throw ObjectStoreError.tooManyParts(key, partSize: settings.partSize)
                }
                group.addTask { [number] in (number, try await putPart(bytes, number, key, id)) }
                // The part that is filled next counts, too.
                if number - sent.count >= settings.parallelParts, let one = try await group.next() { sent.append(one) }
                part = nil
                part = try await parts.next()
                number += 1
            }
            for try await one in group { sent.append(one) }
            return sent.sorted { $0.number < $1.number }
        }
    }

    /// Repeated after an unknown outcome it leaves an upload without parts behind, which ``unfinishedUploads()`` finds.
    private func beginUpload(of key: ObjectKey, _ nonce: String) async throws -> String {
        var request = try request(.POST, key, query: [("uploads", "")], isIdempotent: true)
        request.headers.add(name: Self.nonceHeader, value: nonce)
        return try await document(request, "CreateMultipartUpload \(key)", key) { root in
            guard root.name == "InitiateMultipartUploadResult", let id = root["UploadId"]?.text, !id.isEmpty else {
                return nil
            }
            return id
        }
    }

    private func putPart(_ bytes: ByteBuffer, _ number: Int, _ key: ObjectKey, _ id: String) async throws -> String {
        var request = try request(
            .PUT, key, query: [("partNumber", "\(number)"), ("uploadId", id)], isIdempotent: true)
        request.body = bytes
        let action = "UploadPart \(key)"
        let response = try await exchange(request)
        guard response.isDone else { throw refusal(response, action, key) }
        guard let etag = response.headers.first(name: "etag"), !etag.isEmpty else {
            throw ObjectStoreError.unexpectedAnswer(
                action: action, status: response.status, code: nil, message: "the part has no ETag")
        }
        return etag
    }

    private func completeUpload(
        of key: ObjectKey, _ id: String, _ nonce: String, _ parts: [(number: Int, etag: String)]
    ) async throws {
        var request = try request(.POST, key, query: [("uploadId", id)], isIdempotent: true)
        request.body = ByteBuffer(string: S3Completion.request(parts))
        request.headers.add(name: "content-type", value: "application/xml")
        let response = try await exchange(request)
        if response.isDone { return }
        let refusal = refusal(response, "CompleteMultipartUpload \(key)", key)
        // An attempt whose answer was lost may have been carried out, which ends the upload, too. The object that is
        // there tells by the number that the upload was begun with.
        if response.followsUnknownOutcome, refusal == .uploadGone(key), try await head(key).nonce == nonce { return }
        throw refusal
    }

    /// Removes the parts, in a cancelled task, too: nobody else will. What stays is found by ``unfinishedUploads()``.
    private func giveUp(_ key: ObjectKey, _ id: String) async {
        let removal = Task { try await removeParts(key, id) }
        do {
            try await removal.value
        } catch {
            logger.warning(
                "the parts of an upload that failed were not removed; prune removes them later",
                metadata: ["key": "\(key)", "upload": "\(id)", "error": "\(error)"])
        }
    }

    func removeParts(_ key: ObjectKey, _ id: String) async throws {
        let request = try request(.DELETE, key, query: [("uploadId", id)], isIdempotent: true)
        let response = try await exchange(request)
        guard !response.isDone else { return }
        let refusal = refusal(response, "AbortMultipartUpload \(key)", key)
        if refusal != .uploadGone(key) { throw refusal }
    }

    static let nonceHeader = "x-amz-meta-breakwater-upload"
}

/// Makes parts of one size out of pieces of any; the last one may be shorter. Holds one part, and what is left of the
/// piece that filled it.
struct PartCollector<Pieces: AsyncSequence> where Pieces.Element == ByteBuffer {
    private var pieces: Pieces.AsyncIterator
    private let partSize: Int
    private var rest = ByteBuffer()
    private var hash = SHA256()
    /// Of all parts so far, in bytes.
    private(set) var size: Int64 = 0
    /// Nothing follows the last part that was returned.
    private(set) var isAtEnd = false

    init(_ pieces: Pieces, partSize: Int) {
        self.pieces = pieces.makeAsyncIterator()
        self.partSize = partSize
    }

    var sha256: String { hash.finalize().hexadecimal }

    /// The next part; nil behind the last.
    /// - Throws: What the pieces throw, and `CancellationError`: a sequence may just end when its task is cancelled, and
    ///   a part of an object must not pass for all of it.
    mutating func next() async throws -> ByteBuffer? {
        var part = ByteBuffer()
        while part.readableBytes < partSize, try await fill() {
            if part.capacity == 0 { part.reserveCapacity(min(partSize, max(rest.readableBytes, 64 * 1024))) }
            let length = min(rest.readableBytes, partSize - part.readableBytes)
            rest.readSlice(length: length).map { _ = part.writeImmutableBuffer($0) }
        }
        // Looks ahead: what comes in one part needs no parts.
        _ = try await fill()
        try Task.checkCancellation()
        guard part.readableBytes > 0 else { return nil }
        part.withUnsafeReadableBytes { hash.update(bufferPointer: $0) }
        size += Int64(part.readableBytes)
        return part
    }

    /// Whether there are bytes in `rest`.
    private mutating func fill() async throws -> Bool {
        while rest.readableBytes == 0, !isAtEnd {
            if let piece = try await pieces.next() { rest = piece } else { isAtEnd = true }
        }
        return rest.readableBytes > 0
    }
}
