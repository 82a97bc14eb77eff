/// What was seen at one moment of a soak, and in the time since the moment before.
package struct SoakSample: Sendable, Equatable, Encodable {
    /// From the start of the soak.
    package var atMs: Int
    /// By the sidecar's name; one that is not running is missing.
    package var sidecars: [String: ProcessFigures]
    /// Connections that clients opened, used and closed.
    package var connections: Int
    /// How long such a visit took, from connecting to the last reply. Nil when there was none.
    package var p50Ms: Double?
    package var p99Ms: Double?

    package init(atMs: Int, sidecars: [String: ProcessFigures], connections: Int, p50Ms: Double?, p99Ms: Double?) {
        self.atMs = atMs
        self.sidecars = sidecars
        self.connections = connections
        self.p50Ms = p50Ms
        self.p99Ms = p99Ms
    }
}
