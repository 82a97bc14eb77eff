internal import Topology

/// What one machine of the store needs to run its part under systemd.
struct SystemdUnits {
    let topology: StoreTopology
    let redis: RedisTopology
    let host: String
    let layout: RenderLayout

    func files(topologyText: String) -> [RenderedFile] {
        var files: [RenderedFile] = []
        if redis.nodes.contains(host) {
            files += [
                unit("breakwater-redis.service", redisService),
                file("etc/breakwater/redis/prepare.sh", PrepareScripts.redis),
                file("etc/sysctl.d/60-breakwater-redis.conf", Self.kernelSettings),
            ]
        }
        if redis.sentinels.contains(host) {
            files += [
                unit("breakwater-sentinel.service", sentinelService),
                file("etc/breakwater/sentinel/prepare.sh", PrepareScripts.sentinel),
            ]
        }
        if let sidecar = topology.sidecar, sidecar.nodes.contains(host) {
            files += [
                unit("breakwater-proxy.socket", proxySocket(sidecar)),
                unit("breakwater-proxy.service", proxyService(sidecar)),
            ]
        }
        if hasAgent { files.append(unit("breakwater-agent.service", agentService)) }
        if hasAgent || topology.sidecar?.nodes.contains(host) == true {
            files += [
                file("etc/sysusers.d/breakwater.conf", "u breakwater - \"Breakwater\" /var/lib/breakwater\n"),
                file("etc/breakwater/breakwater.yaml", topologyText),
            ]
        }
        return files
    }

    private func unit(_ name: String, _ contents: String) -> RenderedFile {
        file("etc/systemd/system/\(name)", contents)
    }

    private func file(_ path: String, _ contents: String) -> RenderedFile {
        RenderedFile(path: "\(host)/\(path)", contents: contents, mode: 0o644)
    }

    private static let kernelSettings = """
        # A fork for a rewrite of the append-only file or for a new replica must not fail for lack of memory that it
        # will never use.
        vm.overcommit_memory = 1
        # PHP connects anew for each request; Redis' tcp-backlog is cut to this.
        net.core.somaxconn = 1024

        """

    private var redisService: String {
        let paths = layout.paths(.redis, on: host)
        let restart: String
        if redis.automaticRestart {
            // Longer than Sentinel needs to promote a replica: the node then comes back as a replica of it. If nobody
            // was promoted, it comes back as the master with what is on its disk.
            let delay = (redis.downAfter.wholeMilliseconds + 999) / 1000 + 2
            restart = """
                # Later than Sentinel's own detection (\(redis.downAfter.topologyText)): a replica with newer data is
                # promoted first, and this node comes back as its replica.
                Restart=always
                RestartSec=\(delay)
                """
        } else if redis.persistence == .off {
            restart = """
                # Never by itself: without persistence it would come back empty, and as a master wipe its replicas.
                # Sentinel promotes a replica; start this node by hand once it has: it then joins as a replica.
                Restart=no
                """
        } else {
            restart = "Restart=no"
        }
        let install =
            redis.persistence == .off
            ? """
            # Not enabled at boot, for the same reason as Restart=no: `systemctl start breakwater-redis` after a
            # reboot, once `SENTINEL GET-MASTER-ADDR-BY-NAME \(redis.service)` names another node.
            """
            : """
            [Install]
            WantedBy=multi-user.target
            """
        return """
            [Unit]
            Description=Redis node \(host) of \(redis.service) (\(topology.store))
            After=network-online.target
            Wants=network-online.target
            # The distribution's own instance would take the port.
            Conflicts=redis-server.service
            StartLimitIntervalSec=0

            [Service]
            Type=notify
            User=redis
            Group=redis
            StateDirectory=breakwater/redis
            StateDirectoryMode=0700
            RuntimeDirectory=breakwater-redis
            ExecStartPre=+/bin/sh /etc/breakwater/redis/prepare.sh
            ExecStart=/usr/bin/redis-server \(paths.configuration)
            \(restart)
            # Loading the data, and at the end waiting for the replicas, take their time.
            TimeoutStartSec=10min
            TimeoutStopSec=30
            LimitNOFILE=65536
            OOMScoreAdjust=-300
            \(Self.sandbox)

            \(install)

            """
    }

    private var sentinelService: String {
        let paths = layout.paths(.sentinel, on: host)
        return """
            [Unit]
            Description=Sentinel \(host) of \(redis.service) (\(topology.store))
            After=network-online.target
            Wants=network-online.target
            Conflicts=redis-sentinel.service
            StartLimitIntervalSec=0

            [Service]
            Type=notify
            User=redis
            Group=redis
            StateDirectory=breakwater/sentinel
            StateDirectoryMode=0700
            RuntimeDirectory=breakwater-sentinel
            ExecStartPre=+/bin/sh /etc/breakwater/sentinel/prepare.sh
            ExecStart=/usr/bin/redis-sentinel \(paths.configuration)
            Restart=always
            RestartSec=1
            LimitNOFILE=65536
            # The witness must outlive what it watches.
            OOMScoreAdjust=-500
            \(Self.sandbox)

            [Install]
            WantedBy=multi-user.target

            """
    }

    /// What none of our services needs is taken away from all of them.
    static let sandbox = """
        UMask=0077
        NoNewPrivileges=yes
        CapabilityBoundingSet=
        ProtectSystem=strict
        ProtectHome=yes
        PrivateTmp=yes
        PrivateDevices=yes
        ProtectClock=yes
        ProtectControlGroups=yes
        ProtectHostname=yes
        ProtectKernelLogs=yes
        ProtectKernelModules=yes
        ProtectKernelTunables=yes
        ProtectProc=invisible
        LockPersonality=yes
        MemoryDenyWriteExecute=yes
        RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
        RestrictNamespaces=yes
        RestrictRealtime=yes
        RestrictSUIDSGID=yes
        SystemCallArchitectures=native
        SystemCallFilter=@system-service
        SystemCallFilter=~@privileged
        """
}
