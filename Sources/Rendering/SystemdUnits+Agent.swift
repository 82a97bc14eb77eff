internal import Topology

extension SystemdUnits {
    /// Whether the host runs an agent: for jobs, for its files, or for its load balancer.
    var hasAgent: Bool {
        let jobs = topology.agent.nodes ?? []
        let files = topology.agent.fileNodes ?? topology.web?.nodes ?? []
        return (jobs + files + (topology.web?.nodes ?? [])).contains(host)
    }

    var agentService: String {
        let isWeb = topology.web?.nodes.contains(host) == true
        let docroot = layout.web(on: host, topology: topology).docroot
        let web =
            isWeb
            ? """
            # Reads the shop's files, to look at them and to back them up; writes .maintenance for a flip.
            SupplementaryGroups=www-data
            ReadWritePaths=-\(docroot)

            """ : ""
        return """
            [Unit]
            Description=Breakwater agent of \(host) (\(topology.store))
            After=network-online.target
            Wants=network-online.target
            StartLimitIntervalSec=0

            [Service]
            User=breakwater
            Group=breakwater
            # Secrets named as file:/path must be readable by this user (chgrp breakwater, chmod 0640); those named as
            # env:NAME, and the keys of the buckets, come from here (chmod 0600).
            EnvironmentFile=-/etc/breakwater/agent.env
            StateDirectory=breakwater breakwater/agent
            StateDirectoryMode=0750
            # The sidecar's socket lies there, too.
            RuntimeDirectory=breakwater
            RuntimeDirectoryPreserve=yes
            ExecStart=/usr/local/bin/breakwater agent -f /etc/breakwater/breakwater.yaml --node \(host)
            Restart=always
            RestartSec=1
            # It tells its jobs itself; what is left after that is killed.
            KillMode=mixed
            TimeoutStopSec=60
            LimitNOFILE=65536
            \(web)\(Self.sandbox)

            [Install]
            WantedBy=multi-user.target

            """
    }
}
