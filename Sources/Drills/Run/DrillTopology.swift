package import Topology

/// The stores that drills run on when no topology is named.
package enum DrillTopology {
    /// Three Redis nodes that keep their data, three Sentinels with short timers, three sidecars.
    ///
    /// The hold of five seconds is longer than a failover by Sentinel takes, so that clients wait instead of failing;
    /// the drill's clients wait longer than that.
    package static let standard = store(
        """
        version: 1
        store: drill
        provider: local
        redis:
          role: store
          persistence: aof
          down_after: 1s
          failover_timeout: 5s
          failover: sentinel
          maxmemory: 256MiB
        sidecar:
          hold: 5s
          on_timeout: close
        """)

    /// What scenarios run on that cut links or ask for a role: failover assisted, as the default is.
    package static func separated(_ requirements: Requirements) -> StoreTopology {
        var topology = store(
            """
            version: 1
            store: drill
            provider: local
            redis:
              role: \((requirements.role ?? .store).rawValue)
              persistence: aof
              down_after: \(requirements.downAfter.inMilliseconds)ms
              failover_timeout: 5s
              failover: assisted
              maxmemory: 256MiB
            sidecar:
              hold: \(requirements.hold.inMilliseconds)ms
              on_timeout: close
            """)
        if requirements.durable { topology.redis?.durable = [ClientKeys.durablePrefix] }
        return topology
    }

    /// Redis and Sentinel as the common tutorial sets them up: down-after 15 s, and nothing between them and PHP.
    package static let tutorial = store(
        """
        version: 1
        store: tutorial
        provider: local
        redis:
          role: store
          persistence: aof
          down_after: 15s
          failover_timeout: 60s
          failover: off
          min_replicas_to_write: 0
          maxmemory: 256MiB
        """)

    /// The topology that a drill on somebody's own file runs on: the file's, with the drill's keys declared
    /// idempotent, and every process on this machine.
    package static func prepared(_ topology: StoreTopology) -> StoreTopology {
        var topology = topology
        if topology.redis?.idempotent.contains(ClientKeys.idempotentPrefix) == false {
            topology.redis?.idempotent.append(ClientKeys.idempotentPrefix)
        }
        return topology
    }

    private static func store(_ text: String) -> StoreTopology {
        guard let topology = StoreTopology.read(text: text, file: "drill").topology else {
            preconditionFailure("the built-in topology of the drills is valid")
        }
        return prepared(topology)
    }
}
