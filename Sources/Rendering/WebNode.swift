internal import Topology

/// nginx, PHP-FPM and WordPress of one web node.
struct WebNode {
    let name: String
    let web: WebTopology
    let topology: StoreTopology
    let layout: RenderLayout
    let settings: WebRenderingSettings
    let address: String
    let paths: RenderLayout.WebPaths
    /// The balancers of the store's own, whose word for the shopper's address is taken.
    let balancers: [String]

    init(
        _ name: String, _ web: WebTopology, _ topology: StoreTopology, _ layout: RenderLayout,
        _ settings: WebRenderingSettings
    ) throws(RenderError) {
        self.name = name
        self.web = web
        self.topology = topology
        self.layout = layout
        self.settings = settings
        address = try Renderer.address(of: name, in: topology)
        paths = layout.web(on: name, topology: topology)
        var balancers: [String] = []
        for node in topology.loadBalancer?.nodes ?? [] {
            balancers.append(try Renderer.address(of: node, in: topology))
        }
        self.balancers = balancers
    }

    var serverFiles: [RenderedFile] {
        [
            file(paths.nginxConfiguration, layout.isLocal ? wholeNginx : siteAlone),
            file(paths.phpConfiguration, layout.isLocal ? phpGlobal + pool : pool),
        ]
    }

    var wordpressFile: RenderedFile { file(paths.wordpressConfiguration, wordpress) }

    private func file(_ path: String, _ contents: String) -> RenderedFile {
        RenderedFile(path: layout.output(absolute: path, on: name), contents: contents, mode: 0o644)
    }

    private func title(_ what: String, _ comment: String) -> String {
        """
        \(comment) \(what) on \(name), a web node of the store \(topology.store).
        \(comment) Rendered by Breakwater from the topology; change that and render again.

        """
    }

    // MARK: nginx

    private var siteAlone: String { title("nginx", "#") + "\n" + site }

    private var wholeNginx: String {
        title("nginx", "#") + """

            worker_processes 2;
            pid "\(paths.nginxPidFile)";
            error_log "\(paths.nginxErrorLog)" warn;
            \(settings.runsAsRoot ? "user root;\n" : "")
            events {
                worker_connections 1024;
            }

            http {
                include /etc/nginx/mime.types;
                default_type application/octet-stream;
                access_log "\(paths.nginxAccessLog)";
                sendfile on;
                keepalive_timeout 65;
                server_tokens off;
                client_body_temp_path "\(paths.nginxDirectory)/body";
                fastcgi_temp_path "\(paths.nginxDirectory)/fastcgi";
                proxy_temp_path "\(paths.nginxDirectory)/proxy";
                scgi_temp_path "\(paths.nginxDirectory)/scgi";
                uwsgi_temp_path "\(paths.nginxDirectory)/uwsgi";

            \(site.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "    \($0)" }
                .joined(separator: "\n"))}

            """
    }

    private var site: String {
        let host = address.contains(":") ? "[\(address)]" : address
        let trusted = balancers.map { "    set_real_ip_from \($0);\n" }.joined()
        let realIP =
            balancers.isEmpty
            ? ""
            : "    # The balancer says who the shopper is; nobody else is believed.\n\(trusted)    real_ip_header X-Forwarded-For;\n"
        return """
            server {
                listen \(host):\(topology.webPort) backlog=1024;
                server_name \(topology.domain ?? "_");
                root "\(paths.docroot)";
                index index.php;
                client_max_body_size 64m;
            \(realIP)
                # nginx' own answer, for the agent's check and through the balancer: no PHP, no file.
                location = /breakwater-live {
                    access_log off;
                    return 204;
                }

                # What nobody is to read, and what must never be run.
                location ~ /\\.(?!well-known/) { return 404; }
                location = /wp-config.php { return 404; }
                location ~* ^/wp-content/uploads/.*\\.php$ { return 404; }

                location / {
                    try_files $uri $uri/ /index.php?$args;
                }

                location ~ \\.php$ {
                    # A path that is no file is WordPress' to answer, not PHP's to guess.
                    try_files $uri =404;
                    include /etc/nginx/fastcgi_params;
                    fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name;
                    fastcgi_param HTTP_PROXY "";
                    fastcgi_pass \(upstream);
                    fastcgi_connect_timeout 2s;
                    # A little more than PHP may take (request_terminate_timeout).
                    fastcgi_read_timeout 32s;
                }

                location ~* \\.(css|js|gif|jpe?g|png|svg|webp|avif|ico|woff2?)$ {
                    access_log off;
                    expires 7d;
                }
            }

            """
    }

    private var upstream: String {
        switch web.phpFPM {
        case .tcp(let host, let port)? where !layout.isLocal: "\(host):\(port)"
        case .loopback(let port)? where !layout.isLocal: "127.0.0.1:\(port)"
        default: "\"unix:\(paths.phpSocket)\""
        }
    }

    // MARK: PHP-FPM

    private var phpGlobal: String {
        """
        [global]
        pid = \(paths.phpPidFile)
        error_log = \(paths.phpErrorLog)
        daemonize = no
        ; A page that has begun is finished when the node is stopped.
        process_control_timeout = 10s


        """
    }

    private var pool: String {
        let listen =
            switch web.phpFPM {
            case .tcp(let host, let port)? where !layout.isLocal: "\(host):\(port)"
            case .loopback(let port)? where !layout.isLocal: "127.0.0.1:\(port)"
            default: paths.phpSocket
            }
        let owner =
            layout.isLocal
            ? (settings.runsAsRoot ? "user = root\ngroup = root\n" : "")
            : "user = www-data\ngroup = www-data\nlisten.owner = www-data\nlisten.group = www-data\n"
        return title("PHP-FPM", ";") + """

            [breakwater]
            \(owner)listen = \(listen)
            listen.mode = 0660
            listen.backlog = 1024
            ; A fixed number: memory is known beforehand, and a rush finds processes that are there.
            pm = static
            pm.max_children = \(web.workers)
            ; What leaks is given back now and then.
            pm.max_requests = 5000
            ; The agent's check: takes a process, and no script. nginx passes neither on.
            ping.path = /ping
            ping.response = pong
            pm.status_path = /status
            ; No page may hold a process for ever.
            request_terminate_timeout = 30s
            clear_env = yes
            catch_workers_output = yes
            security.limit_extensions = .php
            php_admin_value[memory_limit] = 256M
            php_admin_flag[log_errors] = on
            php_admin_flag[display_errors] = off
            ; Compiled pages are looked at again after 2 s: `breakwater restore --flip` changes a file that wp-config.php requires.
            php_admin_flag[opcache.enable] = on
            php_admin_flag[opcache.validate_timestamps] = on
            php_admin_value[opcache.revalidate_freq] = 2

            """
    }
}
