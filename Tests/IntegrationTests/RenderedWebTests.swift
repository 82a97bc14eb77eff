import Foundation
import LoopbackServers
import Rendering
import Testing
import Topology

/// The rendered files of web nodes and balancers, as the servers themselves read them.
@Suite struct RenderedWebTests {
    private static let topology = """
        version: 1
        store: shop
        provider: local
        mysql: { primary: db-1 }
        load_balancer:
          sticky: cookie
          forward: [{ from: http:8080, to: http:8000 }, { from: tcp:8443, to: tcp:8443 }]
        """

    /// Renders into a folder and hands out the paths.
    private static func rendered(
        _ body: (RenderLayout.WebPaths, RenderLayout.BalancerPaths) async throws -> Void
    ) async throws {
        let folder = "/tmp/bw-\(UInt32.random(in: 0 ... .max))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let reading = StoreTopology.read(text: topology, file: "t")
        let store = try #require(reading.topology, "\(reading.diagnostics)")
            .assigningLoopback(network: LoopbackNetwork(second: 96, third: 7))
        let layout = RenderLayout.local(directory: folder)
        var settings = WebRenderingSettings()
        settings.runsAsRoot = geteuid() == 0
        settings.sidecarSockets = ["web-1": "\(folder)/web-1.sock"]
        settings.databasePasswordFile = "\(folder)/it's a file"
        let files = try Renderer.render(
            try #require(store), targets: [.haproxy, .nginx, .wordpress], layout: layout, secrets: nil, web: settings)
        for file in files {
            let url = URL(filePath: "\(folder)/\(file.path)")
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(file.contents.utf8).write(to: url)
        }
        try await body(layout.web(on: "web-1", topology: try #require(store)), layout.balancer(on: "lb-1"))
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> (code: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        let pipe = Pipe()
        (process.standardOutput, process.standardError) = (pipe, pipe)
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (process.terminationStatus, text)
    }

    @Test func everyServerTakesItsFile() async throws {
        try await Self.rendered { web, balancer in
            let haproxy = try Self.run("/usr/sbin/haproxy", ["-c", "-f", balancer.configuration])
            #expect(haproxy.code == 0, "\(haproxy.text)")
            #expect(!haproxy.text.contains("WARNING"), "\(haproxy.text)")
            let nginx = try Self.run(
                "/usr/sbin/nginx", ["-t", "-e", "stderr", "-c", web.nginxConfiguration, "-g", "daemon off;"])
            #expect(nginx.code == 0, "\(nginx.text)")
            #expect(!nginx.text.contains("[warn]"), "\(nginx.text)")
            let fpm = try #require(
                (1...9).reversed().map { "/usr/sbin/php-fpm8.\($0)" }.first {
                    FileManager.default.isExecutableFile(atPath: $0)
                })
            let php = try Self.run(
                fpm, ["-t", "--fpm-config", web.phpConfiguration] + (geteuid() == 0 ? ["--allow-to-run-as-root"] : []))
            #expect(php.code == 0, "\(php.text)")
            let wordpress = try Self.run("/usr/bin/php", ["-l", web.wordpressConfiguration])
            #expect(wordpress.code == 0, "\(wordpress.text)")
        }
    }

    /// What a `wp-config.php` has defined stays, and the password is read when PHP runs.
    @Test func wordpressKeepsWhatWasDefinedAndReadsThePassword() async throws {
        try await Self.rendered { web, _ in
            let folder = URL(filePath: web.docroot).deletingLastPathComponent().deletingLastPathComponent().path
            try Data("s3cret'\\\n".utf8).write(to: URL(filePath: "\(folder)/it's a file"))
            let script =
                "define('DB_NAME', 'mine'); require '\(web.wordpressConfiguration)'; "
                + "echo DB_NAME, ' ', DB_PASSWORD, ' ', WP_REDIS_PATH, ' ', WP_REDIS_PREFIX;"
            let result = try Self.run("/usr/bin/php", ["-r", script])
            #expect(result.text == "mine s3cret'\\ \(folder)/web-1.sock shop")
        }
    }
}
