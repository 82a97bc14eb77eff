extension Rules {
    /// What a topology may ask for and the sidecar of this version does not do. Told here as well as by the sidecar,
    /// so that nobody relies on a promise that is not kept yet. Remove an entry when the sidecar keeps it.
    func checkAvailability(_ sidecar: SidecarTopology, _ redis: RedisTopology) {
        if sidecar.onTimeout == .degrade {
            report(
                "sidecar.on_timeout", "the sidecar of this version does not degrade yet",
                "it closes connections when a hold has run out, as with `on_timeout: close`")
        }
    }

    private func report(_ path: String, _ message: String, _ hint: String) {
        context.report(.sidecarNotAvailable, as: .warning, at: path, message, hint: hint)
    }
}
