internal import ArgumentParser
internal import Drills
package import ShopRows

extension ShopSize: ExpressibleByArgument {}

extension DrillCommand {
    /// Drills of the database have stores and clients of their own.
    func recovery(_ console: Console) async throws -> ExitStatus {
        try checkRepeat()
        let chosen = try scenarios.map { name in
            guard let scenario = RecoveryScenario.named(name) else {
                throw UserFacingError(
                    code: "drill.mixed", summary: "drills of the database run apart from \(name)",
                    hint: "run `breakwater drill` twice", status: .invalid)
            }
            return scenario
        }
        guard file == nil, client.isEmpty, failover == nil, seed == nil, duration == nil else {
            throw UserFacingError(
                code: "drill.built_in_store",
                summary: "drills of the database run on a built-in store with shoppers of their own",
                hint: "they take --size, --rate, --repeat, --report and --state", status: .invalid)
        }
        guard (1...2000).contains(rate) else {
            throw UserFacingError(
                code: "drill.rate", summary: "--rate takes a number from 1 to 2000", status: .invalid)
        }
        let (reports, kept) = try await DrillFiles.withStateDirectory(state) { directory in
            var suite = RecoverySuite(chosen, stateDirectory: directory)
            suite.size = size
            suite.rate = rate
            suite.repeats = self.repeat
            suite.redisPrograms = programs.redisPrograms
            suite.progress = { console.note($0) }
            let reports = try await suite.run()
            return (reports, reports.allSatisfy(\.passed))
        }
        return try present(reports, kept: kept, console)
    }
}
