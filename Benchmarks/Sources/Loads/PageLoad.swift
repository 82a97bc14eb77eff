import Foundation
import LoopbackServers
import Synchronization

/// Pages of a shop, one connection for each page, strictly serial, as PHP asks.
struct PageLoad: Load {
    let transport: Transport
    let workers: Int
    /// For all workers together.
    let pages: Int
    private let objects = PageObjects()
    /// A hundred pages in the shares of their kinds.
    private let plans: [PagePlan]

    init(transport: Transport, workers: Int, pages: Int) {
        self.transport = transport
        self.workers = workers
        self.pages = pages
        var generator = SeededGenerator(seed: 2)
        var plans: [PagePlan] = []
        for kind in PageKind.all {
            for _ in 0..<kind.share { plans.append(PagePlan(kind, objects: objects, generator: &generator)) }
        }
        plans.shuffle(using: &generator)
        self.plans = plans
    }

    var name: String { "page-\(workers)-\(transport)" }
    var title: String { "page, \(workers) worker\(workers == 1 ? "" : "s"), \(transport)" }
    var metrics: [Metric] {
        [
            Metric(name: "p99", unit: "ms", better: .lower, againstDirect: 1.2),
            Metric(name: "p50", unit: "ms", better: .lower),
            Metric(name: "rate", unit: "/s", better: .higher),
        ]
    }

    func prepare(_ redis: BlockingConnection) throws {
        _ = try redis.call("FLUSHALL")
        _ = try redis.call("SET", PageObjects.alloptions, String(repeating: "o", count: PageObjects.alloptionsBytes))
        for (index, size) in objects.sizes.enumerated() {
            _ = try redis.call("SET", PageObjects.key(index), String(repeating: "v", count: size))
        }
        for index in 0..<600 { _ = try redis.call("SET", PageObjects.guardKey(index), "1") }
    }

    func run(_ endpoint: Endpoint, in arena: Arena) throws -> [Double] {
        let outcome = Mutex((durations: [UInt64](), failure: String?.none))
        let started = ContinuousClock.now
        let group = DispatchGroup()
        for worker in 0..<workers {
            group.enter()
            let thread = Thread {
                defer { group.leave() }
                do {
                    let durations = try work(worker, endpoint)
                    outcome.withLock { $0.durations += durations }
                } catch {
                    outcome.withLock { $0.failure = "\(error)" }
                }
            }
            thread.stackSize = 512 * 1024
            thread.start()
        }
        group.wait()
        let elapsed = (ContinuousClock.now - started) / .seconds(1)
        let (durations, failure) = outcome.withLock { ($0.durations.sorted(), $0.failure) }
        if let failure { throw LoopbackError("\(endpoint.contestant): a page failed: \(failure)") }
        return [
            percentile(0.99, of: durations) / 1e6, percentile(0.5, of: durations) / 1e6,
            Double(durations.count) / elapsed,
        ]
    }

    /// One worker's pages; how long each took, in nanoseconds.
    private func work(_ worker: Int, _ endpoint: Endpoint) throws -> [UInt64] {
        try (0..<max(1, pages / workers)).map { page in
            // Workers begin at different places, or all would ask for the same page at the same time.
            let plan = plans[(worker * 37 + page) % plans.count]
            let started = DispatchTime.now().uptimeNanoseconds
            let connection = try endpoint.connect(over: transport)
            for step in plan.steps {
                try plan.bytes.withUnsafeBytes { try connection.send(UnsafeRawBufferPointer(rebasing: $0[step.bytes])) }
                if try connection.receive(step.replies) > 0 { throw LoopbackError("an error instead of a reply") }
            }
            return DispatchTime.now().uptimeNanoseconds - started
        }
    }
}
