internal import Foundation
internal import NIOCore
package import ObjectStore
internal import RecoveryCore

/// The claims and results of all agents, in the first store of the backups.
package struct JobBoard: Sendable {
    /// A claim or a result is a few hundred bytes; a result has a summary.
    private static let mostBytes = 64 << 10
    /// Results of older moments than that many newest ones are not read again.
    private static let width = 12

    private let store: any ObjectStore

    package init(_ store: any ObjectStore) {
        self.store = store
    }

    /// What is claimed of a job and how it ended. `known` are results that were read before: they never change.
    func moments(of job: String, known: [String: JobRun] = [:]) async throws -> (
        [Date: [JobLease.Entry]], [String: JobRun]
    ) {
        let found = try await store.list(prefix: JobLayout.folder(of: job), limit: 100_000).objects
            .compactMap { object in JobLayout.read(object.key.text, of: job).map { (object.key, $0) } }
        let newest = Set(found.map(\.1.due)).sorted().suffix(Self.width)
        var (moments, results): ([Date: [JobLease.Entry]], [String: JobRun]) = ([:], [:])
        for due in newest {
            let names = found.filter { $0.1.due == due }
            // The highest number is what counts for who runs it; of the others, how they ended.
            let last = names.map(\.1.number).max() ?? 0
            for number in Set(names.map(\.1.number)).sorted().suffix(20) {
                var entry = JobLease.Entry(number: number, claim: nil)
                if let key = names.first(where: { $0.1.number == number && $0.1.isResult })?.0 {
                    entry.result = known[key.text]
                    if entry.result == nil { entry.result = try await read(JobRun.self, key) }
                    results[key.text] = entry.result
                }
                if number == last, entry.result == nil,
                    let key = names.first(where: { $0.1.number == number && !$0.1.isResult })?.0
                {
                    entry.claim = try await read(JobClaim.self, key)
                }
                moments[due, default: []].append(entry)
            }
        }
        return (moments, results)
    }

    /// The highest number of a moment; 0 when there is none.
    func highestNumber(_ job: String, due: Date) async throws -> Int {
        try await store.list(prefix: JobLayout.folder(of: job, due: due)).objects
            .compactMap { JobLayout.read($0.key.text, of: job)?.number }.max() ?? 0
    }

    /// Writes a claim where there is none.
    /// - Returns: Whether it is ours now.
    func claim(_ claim: JobClaim, due: Date) async throws -> Bool {
        let key = try ObjectKey(JobLayout.claim(claim.job, due: due, number: claim.number))
        do {
            _ = try await store.put(try Self.bytes(claim), at: key, ifAbsent: true)
            return true
        } catch ObjectStoreError.alreadyExists {
            // A request whose answer was lost is sent again, and meets what it has written.
            return try await read(JobClaim.self, key)?.agent == claim.agent
        }
    }

    func renew(_ claim: JobClaim, due: Date) async throws {
        let key = try ObjectKey(JobLayout.claim(claim.job, due: due, number: claim.number))
        _ = try await store.put(try Self.bytes(claim), at: key)
    }

    func finish(_ run: JobRun) async throws {
        let key = try ObjectKey(JobLayout.result(run.job, due: run.due, number: run.number))
        _ = try await store.put(try Self.bytes(run), at: key)
    }

    /// Deletes all but the newest moments of a job, and all but the newest numbers of each.
    package func tidy(_ job: String, keeping: Int = 12) async throws {
        let found = try await store.list(prefix: JobLayout.folder(of: job), limit: 100_000).objects
            .compactMap { object in JobLayout.read(object.key.text, of: job).map { (object.key, $0) } }
        let dues = Set(found.map(\.1.due)).sorted()
        let old = Set(dues.dropLast(keeping))
        let last = Dictionary(found.map { ($0.1.due, $0.1.number) }, uniquingKeysWith: max)
        let keys = found.filter { old.contains($0.1.due) || $0.1.number + keeping <= last[$0.1.due] ?? 0 }.map(\.0)
        if !keys.isEmpty { try await store.delete(keys) }
    }

    /// Nil when it is not there any more, or says nothing that is understood.
    private func read<Value: Decodable>(_ type: Value.Type, _ key: ObjectKey) async throws -> Value? {
        do {
            let bytes = try await store.read(key).collected(upTo: Self.mostBytes)
            return try? Self.decoder.decode(type, from: Data(bytes.readableBytesView))
        } catch ObjectStoreError.notFound, ObjectStoreError.tooLarge {
            return nil
        }
    }

    private static func bytes(_ value: some Encodable) throws -> ByteBuffer {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.dateEncodingStrategy = .iso8601
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes, .prettyPrinted]
        return ByteBuffer(bytes: try encoder.encode(value))
    }

    private static var decoder: JSONDecoder {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        decoder.dateDecodingStrategy = .iso8601
        return decoder
    }
}
