internal import Foundation
internal import ShopRows

/// WordPress with the demo store, in the document roots of a stack's web nodes.
struct DemoShop: Sendable {
    /// WordPress' folder as it was installed.
    var wordpress: String
    /// What shoppers call it, `http://HOST:PORT`.
    var url: String
    /// A PHP file with the salts, the same on every node.
    var saltsFile: String

    /// How many products it has.
    static let products = 24

    /// Makes a node's document root, or brings what is in it up to date; uploads stay.
    ///
    /// Files that look for others beside themselves are copied, what is only looked up from them is linked.
    func makeDocroot(_ docroot: String, configuration: String) throws {
        let files = FileManager.default
        for folder in [
            docroot, "\(docroot)/wp-content", "\(docroot)/wp-content/mu-plugins", "\(docroot)/wp-content/uploads",
        ] {
            try StateDirectory.makeDirectory(folder)
        }
        for name in try files.contentsOfDirectory(atPath: wordpress)
        where name.hasSuffix(".php") && !name.hasPrefix("wp-config") {
            try replace("\(docroot)/\(name)") { try files.copyItem(atPath: "\(wordpress)/\(name)", toPath: $0) }
        }
        if !files.fileExists(atPath: "\(docroot)/wp-admin/admin.php") {
            try replace("\(docroot)/wp-admin") { try files.copyItem(atPath: "\(wordpress)/wp-admin", toPath: $0) }
        }
        for name in ["wp-includes", "wp-content/themes", "wp-content/plugins"]
        where files.fileExists(atPath: "\(wordpress)/\(name)") && !files.fileExists(atPath: "\(docroot)/\(name)") {
            try files.createSymbolicLink(atPath: "\(docroot)/\(name)", withDestinationPath: "\(wordpress)/\(name)")
        }
        try write(PackageResources.demo_shop_php, to: "\(docroot)/wp-content/mu-plugins/demo-shop.php")
        try write(PackageResources.object_cache_php, to: "\(docroot)/wp-content/object-cache.php")
        try StateDirectory.write(wpConfig(configuration), to: "\(docroot)/wp-config.php")
    }

    /// The installer, for `php`; returns its path.
    func writeInstaller(into directory: String) throws -> String {
        let path = "\(directory)/install-shop.php"
        try write(PackageResources.install_shop_php, to: path)
        return path
    }

    private func write(_ bytes: [UInt8], to path: String) throws(StackError) {
        try StateDirectory.write(String(decoding: bytes, as: UTF8.self), to: path)
    }

    private func replace(_ path: String, by make: (String) throws -> Void) throws {
        try? FileManager.default.removeItem(atPath: path)
        try make(path)
    }

    private func wpConfig(_ configuration: String) -> String {
        """
        <?php // The demo store of a local Breakwater stack; written at each `breakwater up`.
        require \(Self.php(configuration));
        require \(Self.php(saltsFile));
        // The address may be another one after the next start.
        define('WP_HOME', \(Self.php(url)));
        define('WP_SITEURL', \(Self.php(url)));
        // Nothing here talks to the world, and no page waits for jobs.
        define('WP_HTTP_BLOCK_EXTERNAL', true);
        define('AUTOMATIC_UPDATER_DISABLED', true);
        define('DISABLE_WP_CRON', true);
        define('DISALLOW_FILE_MODS', true);
        $table_prefix = 'wp_';
        defined('ABSPATH') || define('ABSPATH', __DIR__ . '/');
        require ABSPATH . 'wp-settings.php';

        """
    }

    private static func php(_ text: String) -> String {
        "'" + text.replacing("\\", with: "\\\\").replacing("'", with: "\\'") + "'"
    }

    /// Random for each store; what was signed with them is void with others.
    static func salts() -> String {
        let names = ["AUTH", "SECURE_AUTH", "LOGGED_IN", "NONCE"]
        var generator = SystemRandomNumberGenerator()
        let lines = names.flatMap { ["\($0)_KEY", "\($0)_SALT"] }.map { name in
            let value = (0..<4).map { _ in String(generator.next() | 1 << 63, radix: 16) }.joined()
            return "define('\(name)', '\(value)');\n"
        }
        return "<?php\n" + lines.joined()
    }

    /// WooCommerce's tables, as far as the demo store uses them; WordPress makes its own.
    static var tables: [String] {
        let tables = ShopTable.allCases.filter {
            $0.rawValue.hasPrefix("wp_wc_") || $0.rawValue.hasPrefix("wp_woocommerce_")
        }
        return tables.map(\.create)
            + tables.flatMap { table in
                table.indexes.map { "CREATE INDEX IF NOT EXISTS `\($0.name)` ON \(table.rawValue) \($0.columns)" }
            } + [sessions]
    }

    private static let sessions = """
        CREATE TABLE IF NOT EXISTS wp_woocommerce_sessions (session_id bigint unsigned NOT NULL AUTO_INCREMENT,
        session_key char(32) NOT NULL, session_value longtext NOT NULL, session_expiry bigint unsigned NOT NULL,
        PRIMARY KEY (session_id), UNIQUE KEY session_key (session_key))
        ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci
        """
}
