internal import LocalStack

/// Disks of the Redis nodes' own, small enough to be filled. They are in memory (tmpfs) and mounted where only the
/// drill sees them: see ``OwnNetwork``.
struct SmallDisks {
    private var mounted: [String] = []

    /// Mounts one for each node, before the stack is started with that state directory.
    static func mount(_ nodes: [String], state: String) async throws -> SmallDisks {
        try await mount(nodes.map { StateDirectory(state).dataDirectory(of: $0) }, mebibytes: 48)
    }

    /// Mounts one at each of these directories.
    static func mount(_ directories: [String], mebibytes: Int) async throws -> SmallDisks {
        var disks = SmallDisks()
        guard !directories.isEmpty else { return disks }
        guard OwnNetwork.isEntered else {
            throw DrillError("drill.network", "disks are mounted only in namespaces of the drill's own")
        }
        for directory in directories {
            try await SystemProgram.run("mkdir", ["-p", "-m", "0700", directory])
            try await SystemProgram.run(
                "mount", ["-t", "tmpfs", "-o", "size=\(mebibytes)m,mode=0700", "breakwater", directory])
            disks.mounted.append(directory)
        }
        return disks
    }

    func unmount() async {
        for directory in mounted { _ = try? await SystemProgram.run("umount", ["-l", directory]) }
    }
}
