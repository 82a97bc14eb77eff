extension StoreTopology {
    /// Reports everything that can be read but contradicts itself or would not survive what it is meant to survive.
    static func checkRules(of topology: StoreTopology, in context: ReadingContext) {
        let rules = Rules(topology: topology, context: context)
        rules.checkHosts()
        if let redis = topology.redis {
            rules.checkPlacement(redis)
            rules.checkReplicas(redis)
            rules.checkTimers(redis)
            rules.checkMemory(redis)
            rules.checkAccess(redis)
            rules.checkPrefixes(redis)
            if let sidecar = topology.sidecar {
                rules.check(sidecar, redis)
            }
        }
        if let mysql = topology.mysql { rules.check(mysql) }
        if let backup = topology.backup { rules.check(backup) }
        rules.checkOtherSections()
    }
}

/// The rules over a topology that has been read. One file for each subject adds its functions.
struct Rules {
    let topology: StoreTopology
    let context: ReadingContext

    /// What fails together with a host: everything at its address. Two names may stand for one machine.
    func machine(_ host: String) -> String {
        topology.address(of: host) ?? host
    }
}
