internal import RecoveryCore
internal import RedisClient

/// What a switchover came to, for people and for scripts.
struct SwitchoverResult {
    private let report: SwitchoverCoordinator.Report
    private let place: SwitchoverPlace
    private let target: String?

    init(_ report: SwitchoverCoordinator.Report, _ place: SwitchoverPlace, target: String?) {
        self.report = report
        self.place = place
        self.target = target
    }

    /// The document of `--json`. A switchover that was not done is an error document instead.
    private struct Document: Encodable {
        struct Step: Encodable {
            var step: String
            var atMs: Double
        }

        var service: String
        var from: String
        var to: String
        var epoch: UInt64?
        /// A majority of the Sentinels names the new master.
        var confirmed: Bool
        /// The marker that was written before was found on the new master.
        var markerFound: Bool
        /// How long the sidecars held commands.
        var heldMs: Double
        var sidecars: Int
        var steps: [Step]
    }

    func present(_ console: Console) throws -> ExitStatus {
        switch report.outcome {
        case .switched(let node, let isConfirmed):
            return try present(console, node, isConfirmed)
        case .refused(let refusal):
            throw UserFacingError(
                code: "switchover.\(refusal.code)", summary: refusal.explanation, hint: refusal.hint, status: .refused)
        case .undone("claim", let reason):
            throw UserFacingError(
                code: "switchover.not_claimed", summary: "not every sidecar could be reserved: \(reason)",
                hint: "wait until another switchover is over; its leases end by themselves within 5 s",
                status: .refused)
        case .undone(let step, let reason):
            throw UserFacingError(
                code: "switchover.undone", summary: "the switchover failed at \(step) and was undone: \(reason)",
                hint: "the store is as before; try again, with a longer --timeout if clients can wait")
        case .unknown(let reason):
            throw UserFacingError(
                code: "switchover.unknown", summary: "the outcome is not known: \(reason)",
                hint: "the sidecars follow the Sentinels; `breakwater status` shows what they say")
        }
    }

    private func present(_ console: Console, _ node: RedisEndpoint, _ isConfirmed: Bool) throws -> ExitStatus {
        let from = report.survey.map { place.name($0.master) } ?? "?"
        let held = report.held.map(Self.milliseconds) ?? 0
        let document = Document(
            service: place.settings.service, from: from, to: place.name(node), epoch: report.epoch,
            confirmed: isConfirmed, markerFound: report.markerFound ?? false, heldMs: held,
            sidecars: report.survey?.sidecars.count { $0.state != nil } ?? 0,
            steps: report.steps.map { Document.Step(step: $0.name, atMs: Self.milliseconds($0.at)) })
        try console.document(document)
        console.print("\(document.to) is master instead of \(from); commands were held for \(Int(held)) ms")
        var status = ExitStatus.done
        if !isConfirmed {
            console.note("no majority of the Sentinels has confirmed it yet: see `breakwater status`")
            status = .degraded
        }
        if let target, document.to != target {
            console.note("Sentinel chose \(document.to), not \(target)")
            status = .degraded
        }
        if !document.markerFound {
            console.note("the marker written before was not found on \(document.to): a write may be missing")
            status = .degraded
        }
        return status
    }

    private static func milliseconds(_ duration: Duration) -> Double {
        (duration / .milliseconds(1) * 10).rounded() / 10
    }
}
