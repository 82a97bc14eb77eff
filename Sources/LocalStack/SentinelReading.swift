internal import RESP
package import RedisClient

/// What one Sentinel says of the service.
package struct SentinelReading: Sendable, Equatable {
    package var master: RedisEndpoint?
    package var epoch: UInt64
    package var otherSentinels: Int
    package var replicas: Int
    /// `SENTINEL CKQUORUM` is answered with OK.
    package var hasQuorum: Bool
    package var flags: [String]

    /// Connects, asks and hangs up; nil when it does not answer or does not know the service.
    package static func of(
        _ endpoint: RedisEndpoint, service: String, tls: RedisTLS? = nil, timeout: Duration = .seconds(1)
    ) async -> SentinelReading? {
        let replies = await NodeReading.ask(
            endpoint, nil, tls: tls, timeout: timeout,
            [
                ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", service], ["SENTINEL", "MASTER", service],
                ["SENTINEL", "CKQUORUM", service],
            ])
        guard let replies else { return nil }
        return SentinelReading(address: replies[0], details: replies[1], quorum: replies[2])
    }

    init?(address: RESPValue, details: RESPValue, quorum: RESPValue) {
        guard let fields = details.fields, let epoch = fields["config-epoch"]?.string.flatMap({ UInt64($0) }) else {
            return nil
        }
        if let parts = address.elements, parts.count == 2, let host = parts[0].string, let port = parts[1].integer {
            master = RedisEndpoint(host: host, port: Int(truncatingIfNeeded: port))
        }
        self.epoch = epoch
        otherSentinels = Int(fields["num-other-sentinels"]?.integer ?? 0)
        replicas = Int(fields["num-slaves"]?.integer ?? 0)
        hasQuorum = quorum.string?.hasPrefix("OK") ?? false
        flags = fields["flags"]?.string?.split(separator: ",").map(String.init) ?? []
    }
}
