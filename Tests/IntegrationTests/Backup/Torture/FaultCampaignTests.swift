import Foundation
import LoopbackServers
import Testing

extension BackupTests {
    /// Random faults during dumps, restores and prunes. `BREAKWATER_INJECTIONS=0-199` plays these, `BREAKWATER_SEED`
    /// others, and `BREAKWATER_REPORT` names the file that keeps what came of them: `make torture`.
    @Suite struct FaultCampaignTests {
        private static func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment[name] }

        /// These numbers have something of everything in this seed's first rounds.
        private static var numbers: [Int] {
            get throws {
                guard let text = variable("BREAKWATER_INJECTIONS") else { return Array(0..<8) }
                let ends = text.split(separator: "-").compactMap { Int($0) }
                guard let first = ends.first, let last = ends.last, first <= last, ends.count <= 2 else {
                    throw LoopbackError("BREAKWATER_INJECTIONS is \(text), and not such as 0-199")
                }
                return Array(first...last)
            }
        }

        @Test func whateverIsListedRestores() async throws {
            let seed = Self.variable("BREAKWATER_SEED").flatMap { UInt64($0) } ?? 1
            let path = Self.variable("BREAKWATER_REPORT")
            var report = path.map { CampaignReport.read($0, seed: seed) } ?? CampaignReport(seed: seed, injections: [])
            // What is not finished is pruned a day later: the object server takes that day for a clock that is wrong.
            let stores = try await onThread { try FaultyStores(clockSkew: 2 * 86_400) }
            defer { stores.stop() }
            let injections = try Self.numbers.map { Injection(number: $0, seed: seed) }
            for flavour in LoopbackDatabase.Flavour.allCases {
                let own = injections.filter { $0.flavour == flavour }
                guard !own.isEmpty else { continue }
                var campaign = try await FaultCampaign(flavour, stores)
                for injection in own {
                    let entry = await campaign.play(injection)
                    #expect(entry.violations == [], "\(injection), seed \(seed): \(entry)")
                    report.add(entry)
                    if let path {
                        try report.write(to: path)
                        print(
                            "\(injection): \(entry.outcome), \(entry.finished ?? "listed \(entry.listed)"), \(entry.seconds) s"
                        )
                    }
                }
            }
        }
    }
}
