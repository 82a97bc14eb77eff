import Foundation

/// What came of a campaign's injections, as it is kept in Benchmarks/results.
struct CampaignReport: Codable, Sendable {
    struct Entry: Codable, Sendable {
        var number: Int
        var server: String
        var job: String
        var fault: String
        /// The share of the job at which it came, in thousandths.
        var moment: Int
        /// How the program that was hit ended: `done`, `interrupted`, `killed`, or the code of its error.
        var outcome: String
        /// Backups that were listed afterwards and not before.
        var listed = 0
        /// Restores whose database was compared with the shop and is the same.
        var compared = 0
        /// For a restore: how it came to its end. `at once`, `resumed`, `was complete`,
        /// `in another database`.
        var finished: String?
        /// What the program said where it did not simply go on.
        var said: [String] = []
        /// What must not be.
        var violations: [String] = []
        var seconds: Double
    }

    var seed: UInt64
    var injections: [Entry]

    /// By number; those of an earlier run of the same campaign stay.
    mutating func add(_ entry: Entry) {
        injections.removeAll { $0.number == entry.number }
        injections.append(entry)
        injections.sort { $0.number < $1.number }
    }

    struct Summary: Codable, Sendable {
        var injections = 0
        var byFault: [String: Int] = [:]
        var outcomes: [String: [String: Int]] = [:]
        var restoresFinished: [String: Int] = [:]
        var backupsListed = 0
        var restoresCompared = 0
        var violations = 0
    }

    var summary: Summary {
        injections.reduce(into: Summary()) { sum, entry in
            sum.injections += 1
            sum.byFault["\(entry.job), \(entry.fault)", default: 0] += 1
            sum.outcomes[entry.job, default: [:]][entry.outcome, default: 0] += 1
            if let finished = entry.finished { sum.restoresFinished[finished, default: 0] += 1 }
            sum.backupsListed += entry.listed
            sum.restoresCompared += entry.compared
            sum.violations += entry.violations.count
        }
    }

    private struct File: Codable {
        var seed: UInt64
        var summary: Summary?
        var injections: [Entry]
    }

    /// One that is there already, if it is of this seed.
    static func read(_ path: String, seed: UInt64) -> Self {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let file = FileManager.default.contents(atPath: path).flatMap { try? decoder.decode(File.self, from: $0) }
        return Self(seed: seed, injections: file?.seed == seed ? file?.injections ?? [] : [])
    }

    func write(to path: String) throws {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let file = File(seed: seed, summary: summary, injections: injections)
        try (encoder.encode(file) + Data("\n".utf8)).write(to: URL(filePath: path), options: .atomic)
    }
}
