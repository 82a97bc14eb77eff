extension Rules {
    func checkHosts() {
        checkReferences()
        for host in topology.hosts {
            let path = "hosts.\(host.name)"
            if topology.provider != .local, host.address == nil {
                context.report(
                    .hostAddressMissing, at: path, "the host \(quoted(host.name)) has no address",
                    hint: "`\(host.name): { address: 10.10.0.11 }`; only a local store gives addresses out itself")
            }
            if topology.provider == .local, let address = host.address, IPAddress(address)?.isLoopback != true {
                context.report(
                    .hostAddressNotLoopback, at: "\(path).address",
                    "the host \(quoted(host.name)) of a local store has the address \(quoted(address))",
                    hint: "leave the address out, or use one of 127.0.0.0/8; `provider: digitalocean` has real machines"
                )
            }
            if let region = host.region, let regions = topology.regions {
                let known = [regions.primary, regions.standby, regions.witness].compactMap(\.self)
                if !known.contains(region) {
                    context.report(
                        .hostRegionUnknown, at: "\(path).region", with: ["regions"],
                        "the host \(quoted(host.name)) is in \(quoted(region)), which is not one of the store's regions",
                        hint: "the regions are \(known.joined(separator: ", "))")
                }
            }
            if !topology.referencedHosts.contains(host.name) {
                context.report(
                    .hostUnused, as: .warning, at: path, with: ["redis", "sidecar", "web", "mysql", "load_balancer"],
                    "the host \(quoted(host.name)) is used by no section")
            }
        }
        if let regions = topology.regions {
            let names = [regions.primary, regions.standby, regions.witness].compactMap(\.self)
            if Set(names).count < names.count {
                context.report(
                    .regionsNotDistinct, at: "regions", "one region is named twice",
                    hint: "a region can only stand in for another one; leave `standby` or `witness` out")
            }
        }
    }

    private func checkReferences() {
        check(topology.redis?.nodes ?? [], at: "redis.nodes")
        check(topology.redis?.sentinels ?? [], at: "redis.sentinels")
        check(topology.web?.nodes ?? [], at: "web.nodes")
        if context.isGiven("sidecar.nodes") { check(topology.sidecar?.nodes ?? [], at: "sidecar.nodes") }
        check(topology.mysql?.replicas ?? [], at: "mysql.replicas")
        check(topology.agent.nodes ?? [], at: "agent.nodes")
        check(topology.agent.fileNodes ?? [], at: "agent.file_nodes")
        if context.isGiven("load_balancer.nodes") {
            check(topology.loadBalancer?.nodes ?? [], at: "load_balancer.nodes")
        }
        if let primary = topology.mysql?.primary, topology.host(primary) == nil {
            reportUnknown(primary, at: "mysql.primary")
        }
    }

    private func check(_ names: [String], at path: String) {
        for (index, name) in names.enumerated() where topology.host(name) == nil {
            reportUnknown(name, at: "\(path)[\(index)]")
        }
    }

    private func reportUnknown(_ name: String, at path: String) {
        let near = nearest(to: name, among: topology.hosts.map(\.name))
        context.report(
            .hostUnknown, at: path, with: ["hosts"], "there is no host \(quoted(name))",
            hint: near.map { "did you mean `\($0)`?" } ?? "describe it under `hosts`")
    }
}
