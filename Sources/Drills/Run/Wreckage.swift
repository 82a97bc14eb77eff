/// What a drill has broken and not yet repaired.
struct Wreckage {
    private let stage: any DrillStage
    private let injector: FaultInjector
    private var victims: [Victim] = []
    private var cutSince: Int64?
    /// From each cut to the moment just before its repair.
    private(set) var cuts: [ClosedRange<Int64>] = []
    /// The node that was master when a fault first chose it.
    private var formerMaster: String?

    init(_ stage: any DrillStage) {
        self.stage = stage
        injector = FaultInjector(stage)
    }

    /// Returns when the fault was seen to be effective, with the time.
    mutating func inject(
        _ fault: Fault, _ observer: StackObserver, _ progress: @Sendable (String) -> Void
    ) async throws -> Int64 {
        let injection = try await injector.inject(fault)
        let victim = injection.victim
        if fault.target == .master { formerMaster = victim.name }
        progress("\(victim.action.rawValue) \(victim.name)")
        observer.note("fault.injected", at: injection.sent, "\(victim.action.rawValue) \(victim.name)")
        observer.note("fault.verified", at: injection.effective, "process \(victim.pid)")
        victims.append(victim)
        return injection.effective
    }

    /// Returns when the rules were handed to the kernel, which is when they take effect; that they did is verified.
    mutating func disturb(
        _ fault: LinkFault, _ observer: StackObserver, _ progress: @Sendable (String) -> Void
    ) async throws -> Int64 {
        guard let network = stage.network else {
            throw DrillError("drill.no_network", "the hosts of this stack have no links that could be cut")
        }
        let cut = try await resolve(fault, among: network.hosts)
        progress(cut.detail)
        let since = cutSince ?? MonotonicClock.now()
        cutSince = since
        let injection = try await LinkInjector(network: network).inject(cut)
        observer.note("fault.injected", at: injection.sent, cut.detail)
        observer.note("fault.verified", at: injection.effective, injection.witness)
        return injection.sent
    }

    mutating func repair(_ observer: StackObserver) async throws {
        if let since = cutSince, let network = stage.network {
            cuts.append(since...MonotonicClock.now())
            try await LinkInjector(network: network).heal()
            observer.note("fault.repaired", "all links")
            cutSince = nil
        }
        for victim in victims {
            observer.note("fault.repaired", victim.action == .stop ? "SIGCONT \(victim.name)" : victim.name)
            try await injector.repair(victim)
        }
        victims = []
    }

    /// Repairs what can be repaired, for a drill that breaks off.
    mutating func clear() async {
        if cutSince != nil, let network = stage.network { try? await LinkInjector(network: network).heal() }
        for victim in victims { try? await injector.repair(victim) }
        victims = []
    }

    // MARK: Hosts

    private mutating func resolve(_ fault: LinkFault, among hosts: [String]) async throws -> LinkCut {
        switch fault {
        case .isolate(let choices):
            let side = try await names(choices)
            return .between(side, hosts.filter { !side.contains($0) })
        case .sever(let choices, let others):
            return .between(try await names(choices), try await names(others))
        case .slow(let choice, let impairment):
            guard let host = try await names([choice]).first else { throw Self.nobody(choice) }
            return .slow(host, impairment)
        }
    }

    private mutating func names(_ choices: [HostChoice]) async throws -> [String] {
        var names: [String] = []
        for choice in choices { names += try await self.names(choice) }
        return names
    }

    private mutating func names(_ choice: HostChoice) async throws -> [String] {
        switch choice {
        case .master, .replicas:
            guard let master = await StackProbe(stage).master() else { throw Self.nobody(choice) }
            if choice == .replicas { return stage.redis.filter { $0 != master }.map(\.name) }
            formerMaster = master.name
            return [master.name]
        case .formerMaster:
            guard let formerMaster else { throw Self.nobody(choice) }
            return [formerMaster]
        case .sentinel(let index):
            guard stage.sentinels.indices.contains(index) else { throw Self.nobody(choice) }
            return [stage.sentinels[index].name]
        case .allSentinels:
            return stage.sentinels.map(\.name)
        case .sidecar(let index):
            guard stage.sidecarHosts.indices.contains(index) else { throw Self.nobody(choice) }
            return [stage.sidecarHosts[index]]
        }
    }

    private static func nobody(_ choice: HostChoice) -> DrillError {
        DrillError("drill.fault_not_injected", "the fault could not be injected: the stack has no \(choice)")
    }
}
