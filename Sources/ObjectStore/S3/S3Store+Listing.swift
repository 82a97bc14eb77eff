internal import CloudHTTP
internal import Crypto
internal import FoundationEssentials
internal import NIOCore
internal import NIOHTTP1

extension S3Store {
    package func page(prefix: String, foldersOnly: Bool, after cursor: ObjectPage.Cursor?) async throws -> ObjectPage {
        var query = [
            (name: "list-type", value: "2"), ("encoding-type", "url"), ("max-keys", "\(ObjectPage.length)"),
            ("prefix", location.prefix + prefix),
        ]
        if foldersOnly { query.append(("delimiter", "/")) }
        if let cursor { query.append(("continuation-token", cursor.text)) }
        let request = try request(.GET, nil, query: query, isIdempotent: true)
        let action = "ListObjectsV2 \(location.bucket)/\(location.prefix)\(prefix)"
        let list = try await document(request, action, nil, S3ObjectList.init)
        return ObjectPage(
            objects: list.entries.compactMap { entry in
                key(named: entry.name).map {
                    ObjectInfo(key: $0, size: entry.size, modified: entry.modified, etag: entry.etag)
                }
            },
            folders: list.folders.compactMap(withoutPrefix),
            next: list.continuation.map(ObjectPage.Cursor.init(text:)))
    }

    package func delete(_ keys: [ObjectKey]) async throws {
        var failed: [ObjectKey: String] = [:]
        for start in stride(from: 0, to: keys.count, by: S3Deletion.most) {
            let batch = keys[start..<min(start + S3Deletion.most, keys.count)]
            var request = try request(.POST, nil, query: [("delete", "")], isIdempotent: true)
            let body = S3Deletion.request(batch.map { location.prefix + $0.text })
            request.body = ByteBuffer(string: body)
            request.headers.add(name: "content-type", value: "application/xml")
            // S3 demands it here.
            let digest = Insecure.MD5.hash(data: Array(body.utf8))
            request.headers.add(name: "content-md5", value: Data(digest).base64EncodedString())
            let action = "DeleteObjects of \(batch.count)"
            for (name, code) in try await document(request, action, nil, S3Deletion.failures) {
                guard let key = key(named: name) else { throw nonsense(200, action, "it names what was not asked for") }
                failed[key] = code
            }
        }
        if !failed.isEmpty { throw ObjectStoreError.notDeleted(failed) }
    }

    package func unfinishedUploads() async throws -> [UnfinishedUpload] {
        var uploads: [UnfinishedUpload] = []
        var marker: (key: String, id: String)?
        repeat {
            var query = [(name: "uploads", value: ""), ("encoding-type", "url"), ("prefix", location.prefix)]
            if let marker { query += [("key-marker", marker.key), ("upload-id-marker", marker.id)] }
            let request = try request(.GET, nil, query: query, isIdempotent: true)
            let list = try await document(request, "ListMultipartUploads \(location.bucket)", nil, S3UploadList.init)
            uploads += list.entries.compactMap { entry in
                key(named: entry.name).map { UnfinishedUpload(key: $0, id: entry.id, started: entry.started) }
            }
            // A server that repeats itself must not fill the memory.
            if let next = list.next, let marker, next == marker || uploads.count > Self.mostUploads {
                throw ObjectStoreError.listingTooLong(limit: uploads.count)
            }
            marker = list.next
        } while marker != nil
        return uploads
    }

    private static let mostUploads = 100_000

    package func abort(_ upload: UnfinishedUpload) async throws { try await removeParts(upload.key, upload.id) }

    /// Once switched on, versioning can only be suspended: what is deleted then is gone, and older versions stay.
    package func keepsVersions() async throws -> Bool {
        let request = try request(.GET, nil, query: [("versioning", "")], isIdempotent: true)
        return try await document(request, "GetBucketVersioning \(location.bucket)", nil) { root -> Bool? in
            guard root.name == "VersioningConfiguration" else { return nil }
            return root["Status"]?.text == "Enabled"
        }
    }

    /// Our key of a name in the bucket; nil for what is not ours.
    private func key(named name: String) -> ObjectKey? { withoutPrefix(name).flatMap(ObjectKey.init(found:)) }

    private func withoutPrefix(_ name: String) -> String? {
        guard name.utf8.starts(with: location.prefix.utf8) else { return nil }
        return String(name.utf8.dropFirst(location.prefix.utf8.count))
    }
}
