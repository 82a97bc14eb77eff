internal import CloudHTTP
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1

extension S3Store {
    package func info(of key: ObjectKey) async throws -> ObjectInfo { try await head(key).info }

    /// What is known of an object, and the number that its upload in parts was begun with.
    func head(_ key: ObjectKey) async throws -> (info: ObjectInfo, nonce: String?) {
        let response = try await exchange(try request(.HEAD, key, isIdempotent: true))
        guard response.isSuccess else {
            // An answer to HEAD has no body to say why; the same question asked with GET has.
            var again = try request(.GET, key, isIdempotent: true)
            again.headers.add(name: "range", value: "bytes=0-0")
            let spoken = try await exchange(again)
            throw refusal(spoken.isSuccess || spoken.status == 416 ? response : spoken, "HeadObject \(key)", key)
        }
        let size = response.headers.first(name: "content-length").flatMap { Int64($0) }
        guard let size, size >= 0 else { throw nonsense(response.status, "HeadObject \(key)", "it has no size") }
        return (info(key, size, response.headers), response.headers.first(name: Self.nonceHeader))
    }

    package func read(_ key: ObjectKey, range: Range<Int64>?) async throws -> ObjectBody {
        let body = try await get(key, range, etag: nil)
        let (size, sent) = try extent(of: body, key)
        let asked = try Range.asked(range, of: key, size: size)
        guard sent == asked else { throw nonsense(body.status, "GetObject \(key)", "it is not the range asked for") }
        let info = info(key, size, body.headers)
        return ObjectBody(info, asked) { S3Source(self, info, asked, first: body) }
    }

    /// Opens an object, or a part of it; with `etag` only as long as it is that version.
    fileprivate func get(_ key: ObjectKey, _ range: Range<Int64>?, etag: String?) async throws -> CloudBody {
        var request = try request(.GET, key, isIdempotent: true)
        if let range {
            request.headers.add(name: "range", value: "bytes=\(range.lowerBound)-\(range.upperBound - 1)")
        }
        if let etag { request.headers.add(name: "if-match", value: etag) }
        switch try await open(request) {
        case .body(let body): return body
        case .answer(let response) where response.status == 412: throw ObjectStoreError.changed(key)
        case .answer(let response) where response.status == 416:
            // Not every server says how long the object is.
            throw ObjectStoreError.rangeOutside(key, size: try await self.info(of: key).size)
        case .answer(let response): throw refusal(response, "GetObject \(key)", key)
        }
    }

    /// The object's size, and which bytes of it come.
    fileprivate func extent(of body: CloudBody, _ key: ObjectKey) throws(ObjectStoreError) -> (Int64, Range<Int64>) {
        let action = "GetObject \(key)"
        if body.status == 206 {
            // bytes 5-9/100
            let numbers = body.headers.first(name: "content-range")?.split { " -/".contains($0) } ?? []
            guard numbers.count == 4, numbers[0] == "bytes", let first = Int64(numbers[1]),
                let last = Int64(numbers[2]), let size = Int64(numbers[3]), first >= 0, first <= last, last < size
            else { throw nonsense(body.status, action, "its Content-Range is wrong") }
            return (size, first..<(last + 1))
        }
        guard let size = body.headers.first(name: "content-length").flatMap({ Int64($0) }), size >= 0 else {
            throw nonsense(body.status, action, "it has no size")
        }
        return (size, 0..<size)
    }

    private func info(_ key: ObjectKey, _ size: Int64, _ headers: HTTPHeaders) -> ObjectInfo {
        let modified = headers.first(name: "last-modified").flatMap(UTCTime.init(httpDate:))?.date
        return ObjectInfo(
            key: key, size: size, modified: modified ?? Date(timeIntervalSince1970: 0),
            etag: headers.first(name: "etag"))
    }

    func nonsense(_ status: Int, _ action: String, _ message: String) -> ObjectStoreError {
        .unexpectedAnswer(action: action, status: status, code: nil, message: message)
    }
}

/// Reads an object to its end over as many connections as it takes: when one breaks or is cut off, perhaps because the
/// reader was busy elsewhere for long, the next goes on behind the last byte that came. Gives up when attempts that
/// bring nothing follow each other.
private struct S3Source: ObjectSource {
    private let store: S3Store
    private let info: ObjectInfo
    /// The bytes that are still to come.
    private var rest: Range<Int64>
    private var body: CloudBody.AsyncIterator?
    private var fruitless = 0

    init(_ store: S3Store, _ info: ObjectInfo, _ range: Range<Int64>, first: CloudBody) {
        self.store = store
        self.info = info
        rest = range
        body = first.makeAsyncIterator()
    }

    mutating func next() async throws -> ByteBuffer? {
        while !rest.isEmpty {
            do {
                if let piece = try await nextOfConnection() { return piece }
                // The connection ended in order and too soon.
                try await pause(before: .truncated(info.key, at: rest.lowerBound))
            } catch let error as CloudHTTPError {
                try await pause(before: .unreachable(error))
            }
        }
        return nil
    }

    private mutating func nextOfConnection() async throws -> ByteBuffer? {
        if body == nil {
            let opened = try await store.get(info.key, rest, etag: info.etag)
            guard try store.extent(of: opened, info.key) == (info.size, rest) else {
                // A server without If-Match, or one that sends other bytes than it was asked for.
                throw ObjectStoreError.changed(info.key)
            }
            body = opened.makeAsyncIterator()
        }
        while var piece = try await body?.next() {
            if Int64(piece.readableBytes) > rest.count {
                piece = piece.getSlice(at: piece.readerIndex, length: rest.count) ?? piece
            }
            guard piece.readableBytes > 0 else { continue }
            rest = (rest.lowerBound + Int64(piece.readableBytes))..<rest.upperBound
            fruitless = 0
            return piece
        }
        return nil
    }

    /// Waits before the next connection, or throws `error` when there have been enough.
    private mutating func pause(before error: ObjectStoreError) async throws {
        body = nil
        fruitless += 1
        let environment = store.settings.environment
        guard
            case .retry(let wait) = store.client.settings.retry.decide(
                .outcomeUnknown, attempt: fruitless, isIdempotent: true, random: environment.random())
        else { throw error }
        try await environment.sleep(wait)
    }
}
