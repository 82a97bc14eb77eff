package import RedisClient

/// What kind of client a drill runs.
package enum ClientKind: String, Sendable, CaseIterable {
    /// PHP processes with the phpredis extension.
    case phpredis
    /// PHP processes with Predis.
    case predis
    /// Connections of this process without pauses, to saturate the path.
    case native
    /// Connections of this process that work like shoppers' sessions, with a cart and with durable writes.
    case shopper
}

/// How a client reaches Redis.
package enum Route: Sendable, Hashable {
    /// One address: a sidecar, or a Redis node for the comparison without one.
    case address(RedisAddress)
    /// Predis' own Sentinel support, as the tutorials set it up.
    case sentinels([RedisEndpoint], service: String)
}

/// Clients of one kind, spread over routes.
package struct ClientGroup: Sendable {
    /// Names the group in a report with several, such as `phpredis, sidecar`.
    package var label: String
    package var kind: ClientKind
    package var count: Int
    /// Client `i` takes route `i` modulo their number.
    package var routes: [Route]
    /// The number of the sidecar behind each route; empty when there are none.
    package var sidecars: [Int] = []
    package var credentials: RedisCredentials?
    /// How long a client waits for a connection and for a reply. Predis ignores them with Sentinels, as it does in
    /// the tutorials.
    package var timeout: Duration
    /// The time between two pages; native clients take none.
    package var pause: Duration

    package init(
        label: String, kind: ClientKind, count: Int, routes: [Route], credentials: RedisCredentials? = nil,
        timeout: Duration = .seconds(1), pause: Duration = .milliseconds(50)
    ) {
        self.label = label
        self.kind = kind
        self.count = count
        self.routes = routes
        self.credentials = credentials
        self.timeout = timeout
        self.pause = pause
    }
}

/// One client of a drill.
package struct ClientAssignment: Sendable {
    package var group: ClientGroup
    /// Unique within the drill; part of the client's keys.
    package var client: Int
    package var route: Route
    /// The sidecar it uses, counted from 0; nil when it uses none.
    package var sidecar: Int?
    package var database: Int
    package var keys: ClientKeys
}

extension ClientGroup {
    /// Every other pair of clients uses another database: a sidecar that mixes databases up loses writes at once.
    static let databases = [0, 5]

    /// The group's clients, numbered from `first`.
    package func assignments(run: String, first: Int) -> [ClientAssignment] {
        guard !routes.isEmpty else { return [] }
        return (0..<count).map { index in
            ClientAssignment(
                group: self, client: first + index, route: routes[index % routes.count],
                sidecar: sidecars.isEmpty ? nil : sidecars[index % sidecars.count],
                database: Self.databases[index / 2 % Self.databases.count],
                keys: ClientKeys(run: run, client: first + index))
        }
    }
}
