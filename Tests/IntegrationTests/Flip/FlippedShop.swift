import Age
import Foundation
import LoopbackServers
import MySQLClient
import Testing

/// A shop whose pages are PHP programs: they honour maintenance mode as WordPress does, find their database by the file
/// that wp-config.php includes, and take an order each.
struct FlippedShop {
    let shop: BackupTests.Commands.Shop
    var program: BreakwaterProgram { shop.program }
    var docroot: String { "\(program.folder.path)/site" }
    var endpointFile: String { "\(program.folder.path)/database.php" }
    var endpoint: String { (try? String(contentsOfFile: endpointFile, encoding: .utf8)) ?? "" }
    var isClosed: Bool { FileManager.default.fileExists(atPath: "\(docroot)/.maintenance") }

    /// After `wp_is_maintenance_mode()` of wp-includes/load.php and a usual wp-config.php.
    private static let page = """
        <?php
        mysqli_report(MYSQLI_REPORT_OFF);
        if (file_exists('DOCROOT/.maintenance')) {
            $upgrading = 0;
            include 'DOCROOT/.maintenance';
            if (time() - $upgrading < 600) { echo "503\\n"; exit; }
        }
        require 'ENDPOINT';
        [$host, $port] = explode(':', DB_HOST);
        $db = @mysqli_connect($host, 'shopkeeper', getenv('BREAKWATER_MYSQL_PASSWORD'), DB_NAME, (int)$port);
        if (!$db) { echo "500\\n"; exit; }
        $db->query("INSERT INTO wp_posts (post_title, post_type, post_status, post_name) VALUES ('order', 'shop_order', 'wc-pending', '')");
        echo DB_NAME . "\\n";

        """

    /// `mysql` are further lines of that section, in which ENDPOINT and FOLDER are paths; `local` are the sections of a
    /// store whose servers all run here.
    static func with(
        mysql more: String = "endpoint_file: ENDPOINT", nodes: String = "web-1: { address: 127.0.0.1 }",
        local: String? = nil, _ body: (FlippedShop) async throws -> Void
    ) async throws {
        try await BackupTests.Commands.withShop(.mariadb) { shop in
            let flipped = FlippedShop(shop: shop)
            try await MySQLConnection.with(shop.root) { root in
                for statement in [
                    "ALTER TABLE wp_posts ADD post_type VARCHAR(20) NOT NULL DEFAULT 'post', ADD post_status VARCHAR(20) "
                        + "NOT NULL DEFAULT 'publish', ADD post_name VARCHAR(200) NOT NULL DEFAULT ''",
                    "CREATE TABLE wp_options (option_name VARCHAR(191) PRIMARY KEY, option_value TEXT)",
                    "INSERT INTO wp_options VALUES ('siteurl', 'https://shop.example')",
                    "CREATE TABLE wp_users (ID INT PRIMARY KEY, user_login VARCHAR(60))",
                ] { _ = try await root.query(statement) }
            }
            let place = shop.server.place
            try FileManager.default.createDirectory(atPath: flipped.docroot, withIntermediateDirectories: true)
            try flipped.put(
                page.replacing("DOCROOT", with: flipped.docroot).replacing("ENDPOINT", with: flipped.endpointFile),
                to: "page.php")
            try flipped.put(
                "<?php\n// the shop's\ndefine( \"DB_HOST\", '\(place.address):\(place.port)' );\n"
                    + "define('DB_NAME', '\(shop.name)');\n", to: "database.php")
            try shop.program.write(
                """
                version: 1
                store: shop
                \(local.map { "provider: local\n\($0)" } ?? "provider: digitalocean\nhosts: { \(nodes) }")
                mysql:
                  endpoint: \(place.address):\(place.port)
                  database: \(shop.name)
                  user: shopkeeper
                  tls: required
                  \(more.replacing("ENDPOINT", with: flipped.endpointFile).replacing("FOLDER", with: shop.program.folder.path))
                backup:
                  to: ["dir:\(shop.program.folder.path)/backups"]
                  recipients: [\(shop.recipient)]
                web: { nodes: [\(nodes.split(separator: ":").first ?? "")\(nodes.contains("web-2") ? ", web-2" : "")], docroot: \(flipped.docroot) }

                """, to: "breakwater.yaml")
            try shop.program.write(BackupTests.identity.encoded() + "\n", to: "key.txt")
            try await body(flipped)
        }
    }

    /// An HAProxy with a server `mysql/primary`, and where it listens.
    func startHAProxy(_ server: String) async throws -> (ServerProcess, LoopbackPlace) {
        let front = try LoopbackPlace(address: shop.server.place.address)
        try put(
            """
            global
              stats socket \(program.folder.path)/admin.sock mode 600 level admin
            defaults
              mode tcp
              timeout connect 2s
              timeout client 60s
              timeout server 60s
            frontend shop
              bind \(front.address):\(front.port)
              default_backend mysql
            backend mysql
              server primary \(server)

            """, to: "haproxy.cfg")
        let haproxy = try ServerProcess(
            ["haproxy", "-db", "-f", program.folder.appending(path: "haproxy.cfg").path],
            log: program.folder.appending(path: "haproxy.log"))
        try await eventually("HAProxy listens") { (try? front.connectOverTCP()) != nil }
        return (haproxy, front)
    }

    /// For everybody to read, as such files are.
    func put(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: program.folder.appending(path: name))
    }

    /// The database whose page it was, `503` or `500`.
    func visit() async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/php")
        process.arguments = ["\(program.folder.path)/page.php"]
        process.environment = shop.environment
        let pipe = Pipe()
        process.standardOutput = pipe
        try process.run()
        return try await onThread {
            let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return text.trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    func orders(in database: String) async throws -> Int {
        try await MySQLConnection.with(shop.root) { root in
            Int(
                try await root.query("SELECT COUNT(*) FROM `\(database)`.wp_posts WHERE post_type = 'shop_order'")
                    .text()
                    ?? "") ?? -1
        }
    }
}
