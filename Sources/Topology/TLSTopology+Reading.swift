extension TLSTopology {
    /// Reads `tls: true` or `tls: { … }`; `nil` when it is left out or false. docs/topology.md explains the defaults.
    static func read(
        _ section: SectionReader, provider: StoreTopology.Provider, clients standard: Clients
    ) -> TLSTopology? {
        let isLocal = provider == .local
        switch section.choice("tls") {
        case nil, .flag(false): return nil
        case .flag(true): return TLSTopology(files: isLocal ? nil : .standard, clients: standard)
        case .section(let section):
            let clients = section.value("clients", as: Clients.self) ?? standard
            let files = Files(
                ca: section.text("ca", .plainPath) ?? Files.standard.ca,
                certificate: section.text("certificate", .plainPath) ?? Files.standard.certificate,
                key: section.text("key", .plainPath) ?? Files.standard.key)
            section.finish()
            if isLocal, let given = ["ca", "certificate", "key"].first(where: section.has) {
                section.context.reject(
                    section.full(given), .tlsMadeHere,
                    "a local store makes its certificates itself, for the addresses it happens to get",
                    hint: "write `tls: true`")
            }
            return TLSTopology(files: isLocal ? nil : files, clients: clients)
        }
    }
}
