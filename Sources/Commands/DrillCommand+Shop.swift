internal import Drills

extension DrillCommand {
    /// Drills of the whole shop have a store and shoppers of their own.
    func shop(_ console: Console) async throws -> ExitStatus {
        try checkRepeat()
        let chosen = try scenarios.map { name in
            guard let scenario = ShopScenario.named(name) else {
                throw UserFacingError(
                    code: "drill.mixed", summary: "drills of the whole shop run apart from \(name)",
                    hint: "run `breakwater drill` twice", status: .invalid)
            }
            return scenario
        }
        guard file == nil, client.isEmpty, failover == nil, duration == nil else {
            throw UserFacingError(
                code: "drill.built_in_store",
                summary: "drills of the whole shop run on a built-in store with shoppers of their own",
                hint: "they take --shoppers, --seed, --repeat, --report and --state", status: .invalid)
        }
        guard (1...200).contains(shoppers) else {
            throw UserFacingError(
                code: "drill.shoppers", summary: "--shoppers takes a number from 1 to 200", status: .invalid)
        }
        var suite = ShopSuite(chosen, stateDirectory: "")
        if suite.needsNamespaces, !OwnNetwork.isEntered { try OwnNetwork.enter() }
        suite.shoppers = shoppers
        suite.repeats = self.repeat
        suite.seed = seed ?? UInt64.random(in: 1...999_999)
        suite.redisPrograms = programs.redisPrograms
        suite.progress = { console.note($0) }
        let (reports, kept) = try await DrillFiles.withStateDirectory(state) { [suite] directory in
            var suite = suite
            suite.stateDirectory = directory
            let reports = try await suite.run()
            return (reports, reports.allSatisfy(\.passed))
        }
        return try present(reports, kept: kept, console)
    }
}
