/// One scenario of recovery on one store.
struct RecoveryDrill: Sendable {
    var scenario: RecoveryScenario
    var stage: RecoveryStage
    var clients: Int
    /// Orders a second, of all shoppers.
    var rate: Int
    var progress: @Sendable (String) -> Void

    /// - Returns: The report; one that says why, and has not passed, when the drill could not be carried out.
    /// - Throws: `CancellationError` only.
    func run() async throws -> DrillReport {
        let course = RecoveryCourse(stage, clients: clients, progress: progress)
        do {
            return try await judged(course)
        } catch {
            try Task.checkCancellation()
            let failure = error as? DrillError ?? DrillError("drill.failed", "the drill broke off: \(error)")
            return DrillReport(
                scenario: scenario.name,
                failure: DrillReport.Failure(code: failure.code, summary: failure.description),
                timeline: course.notes, fault: course.notes.time(of: "fault.injected"))
        }
    }

    private func judged(_ course: RecoveryCourse) async throws -> DrillReport {
        try stage.openShop()
        let stop = Gate()
        let pause = Duration.seconds(clients) / rate
        let outcome = try await withThrowingTaskGroup(of: RecoveryOutcome?.self) { tasks in
            for recorder in course.recorders {
                let client = OrderClient(
                    number: recorder.history.client, shop: stage.shop, pause: pause, recorder: recorder)
                tasks.addTask {
                    await client.run(until: stop)
                    return nil
                }
            }
            tasks.addTask {
                defer { stop.open() }
                return try await scenario.play(course)
            }
            var outcome: RecoveryOutcome?
            while let result = try await tasks.next() { outcome = result ?? outcome }
            return outcome
        }
        guard var outcome else { throw DrillError("drill.failed", "the drill had no course") }
        let end = MonotonicClock.now()
        let histories = course.histories
        let writes = OrderChecker.check(histories, found: try await course.orders())
        let measures = ClientMeasures(histories, fault: outcome.fault, end: end)
        try await scenario.conclude(course, &outcome, measures)
        let verdict = outcome.verdict(writes, measures)
        outcome.figures.steps = course.stepsSoFar
        outcome.figures.oldestLossMs = OrderChecker.oldestLoss(writes, before: outcome.fault)
            .map(DrillReport.milliseconds)
        var report = DrillReport(
            DrillOutcome(
                scenario: scenario.name,
                groups: [.init(label: "shoppers", kind: "order", histories: histories, writes: writes)],
                timeline: course.notes, fault: outcome.fault, end: end, verdict: verdict))
        report.recovery = outcome.figures
        return report
    }
}

extension RecoveryScenario {
    /// Breaks what it breaks and repairs it, while orders come in. The shop takes orders when it begins.
    func play(_ course: RecoveryCourse) async throws -> RecoveryOutcome {
        switch self {
        case .databaseLoss: try await DatabaseLoss(course).play()
        case .tableDropped: try await TableDropped(course).play()
        case .ransom: try await Ransom(course).play()
        case .backupCorrupted: try await BackupCorrupted(course).play()
        case .bucketDown: try await BucketDown(course).play()
        }
    }

    /// What is measured when the shoppers have gone.
    func conclude(
        _ course: RecoveryCourse, _ outcome: inout RecoveryOutcome, _ measures: ClientMeasures
    ) async throws {
        switch self {
        case .databaseLoss: try await DatabaseLoss.conclude(course, &outcome, measures)
        default: break
        }
    }
}
