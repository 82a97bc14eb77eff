internal import Topology

extension SystemdUnits {
    /// systemd holds the sockets, so that a restart or an upgrade of the sidecar refuses no connection: clients wait in
    /// the backlog instead.
    func proxySocket(_ sidecar: SidecarTopology) -> String {
        let addresses = sidecar.listen.map { address in
            switch address {
            case .unix(let path): "ListenStream=\(path)"
            case .tcp: "ListenStream=\(address)"
            case .loopback(let port): "ListenStream=127.0.0.1:\(port)"
            }
        }
        return """
            [Unit]
            Description=Sockets of the Breakwater sidecar (\(topology.store))

            [Socket]
            \(addresses.joined(separator: "\n"))
            # Who may use the unix socket is who may use Redis.
            SocketUser=breakwater
            SocketGroup=\(sidecar.socketGroup)
            SocketMode=0660
            DirectoryMode=0755
            Backlog=4096
            NoDelay=yes

            [Install]
            WantedBy=sockets.target

            """
    }

    func proxyService(_ sidecar: SidecarTopology) -> String {
        """
        [Unit]
        Description=Breakwater sidecar on \(host) (\(topology.store))
        After=network-online.target
        Wants=network-online.target
        Requires=breakwater-proxy.socket
        StartLimitIntervalSec=0

        [Service]
        User=breakwater
        Group=breakwater
        # Passwords named as file:/path must be readable by this user (chgrp breakwater, chmod 0640); those named as
        # env:NAME come from here.
        EnvironmentFile=-/etc/breakwater/proxy.env
        ExecStart=/usr/local/bin/breakwater-proxy -f /etc/breakwater/breakwater.yaml --node \(host)
        ExecReload=/bin/kill -HUP $MAINPID
        Restart=always
        RestartSec=100ms
        # Connected clients are served to the end of what they asked for.
        TimeoutStopSec=30
        # A connection of its own for each client that is pinned, besides the client's.
        LimitNOFILE=\(max(65_536, sidecar.maxClients * 2 + 1_024))
        OOMScoreAdjust=-500
        \(Self.sandbox)

        [Install]
        WantedBy=multi-user.target

        """
    }
}
