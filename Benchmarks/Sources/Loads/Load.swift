import LoopbackServers

/// What one figure means.
struct Metric: Codable, Hashable, Sendable {
    enum Direction: String, Codable, Sendable {
        case higher
        case lower
    }

    let name: String
    let unit: String
    let better: Direction
    /// What design asks of the sidecar's ratio to another contestant: at least it where higher is better, at most it
    /// where lower is.
    var againstDirect: Double?
    var againstHAProxy: Double?
    /// What is asked of the figure itself.
    var limit: Double?
}

/// Something that a contestant is put under, again and again.
protocol Load {
    var name: String { get }
    /// One line for the table.
    var title: String { get }
    var metrics: [Metric] { get }

    /// Brings Redis into the state that every run of this load starts from.
    func prepare(_ redis: BlockingConnection) throws

    /// One run; the values of `metrics` in their order.
    func run(_ endpoint: Endpoint, in arena: Arena) throws -> [Double]
}
