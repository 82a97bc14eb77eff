/// A network of two WooCommerce shops, small: one keeps its orders in tables of their own, the other as posts.
enum ShopSchema {
    /// What a backup must say of it.
    static let figures = [
        "wp_/posts": "145", "wp_/users": "3", "wp_/products": "40", "wp_/orders": "100", "wp_/newest_order": "1100",
        "wp_/newest_orders_total": "6100.00000000", "wp_2_/posts": "24", "wp_2_/products": "4", "wp_2_/orders": "20",
        "wp_2_/newest_order": "20", "wp_2_/newest_orders_total": "246.00000000",
    ]

    static let actions = "wp_actionscheduler_actions"

    static var statements: [String] {
        ["SET SESSION sql_mode = ''"] + site("wp_") + site("wp_2_") + network + [
            insert(
                "wp_posts", "post_type, post_name, post_title",
                (1...145).map { number in
                    switch number {
                    case ...40: "('product', 'product-\(number)', 'Ünïque 🍺 \(number)')"
                    case ...140: "('shop_order_placehold', 'order-\(number)', '')"
                    default: "('page', 'page-\(number)', 'About')"
                    }
                }),
            insert(
                "wp_2_posts", "post_type, post_name, post_title",
                (1...24).map { number in
                    "('\(number <= 20 ? "shop_order" : "product")', 'p-\(number)', '')"
                }),
            insert(
                "wp_2_postmeta", "post_id, meta_key, meta_value",
                (1...20).flatMap { order in
                    ["(\(order), '_order_total', '12.30')", "(\(order), '_billing_city', '99.99')"]
                }),
        ]
    }

    private static var network: [String] {
        [
            """
            CREATE TABLE wp_users (ID bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, user_login varchar(60)
            NOT NULL DEFAULT '', user_registered datetime NOT NULL DEFAULT '0000-00-00 00:00:00')
            """,
            "INSERT INTO wp_users (user_login) VALUES ('ann'), ('bob'), ('eve')",
            """
            CREATE TABLE wp_wc_orders (id bigint unsigned NOT NULL PRIMARY KEY, status varchar(20), currency varchar(10),
            type varchar(20), total_amount decimal(26,8), KEY type_status (type, status))
            """,
            insert(
                "wp_wc_orders", "id, status, currency, type, total_amount",
                (1...105).map { number in
                    number <= 100
                        ? "(\(1000 + number), 'wc-completed', 'EUR', 'shop_order', \(number) + 10.5)"
                        : "(\(2000 + number), 'wc-completed', 'EUR', 'shop_order_refund', -5)"
                }),
            "INSERT INTO wp_options (option_name, option_value) VALUES ('woocommerce_custom_orders_table_enabled', 'yes')",
            """
            CREATE TABLE \(actions) (action_id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, hook varchar(191)
            NOT NULL, status varchar(20) NOT NULL, scheduled_date_gmt datetime NULL DEFAULT '0000-00-00 00:00:00',
            scheduled_date_local datetime NULL DEFAULT '0000-00-00 00:00:00',
            KEY status_scheduled (status, scheduled_date_gmt))
            """,
            """
            INSERT INTO \(actions) (hook, status, scheduled_date_gmt, scheduled_date_local) VALUES
            ('renewal', 'pending', '2026-03-01 03:00:00', '2026-03-01 04:00:00'),
            ('leap', 'pending', '2028-02-29 23:59:59', '2028-03-01 00:59:59'),
            ('at_once', 'pending', '0000-00-00 00:00:00', '0000-00-00 00:00:00'),
            ('never', 'pending', NULL, NULL),
            ('done', 'complete', '2026-01-01 00:00:00', '2026-01-01 01:00:00')
            """,
        ]
    }

    private static func site(_ prefix: String) -> [String] {
        [
            """
            CREATE TABLE \(prefix)posts (ID bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
            post_date datetime NOT NULL DEFAULT '0000-00-00 00:00:00', post_content longtext, post_title text,
            post_status varchar(20) NOT NULL DEFAULT 'publish', post_name varchar(200) NOT NULL DEFAULT '',
            post_type varchar(20) NOT NULL DEFAULT 'post', KEY post_name (post_name(191)),
            KEY type_status_date (post_type, post_status, post_date, ID))
            DEFAULT CHARSET = utf8mb4 COLLATE utf8mb4_unicode_520_ci
            """,
            """
            CREATE TABLE \(prefix)postmeta (meta_id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
            post_id bigint unsigned NOT NULL DEFAULT 0, meta_key varchar(255), meta_value longtext,
            KEY post_id (post_id), KEY meta_key (meta_key(191)))
            DEFAULT CHARSET = utf8mb4 COLLATE utf8mb4_unicode_520_ci
            """,
            """
            CREATE TABLE \(prefix)options (option_id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY,
            option_name varchar(191) NOT NULL DEFAULT '', option_value longtext NOT NULL,
            UNIQUE KEY option_name (option_name))
            """,
            """
            CREATE TABLE \(prefix)woocommerce_order_items (order_item_id bigint unsigned NOT NULL AUTO_INCREMENT
            PRIMARY KEY, order_item_name text NOT NULL, order_id bigint unsigned NOT NULL, KEY order_id (order_id))
            """,
        ]
    }

    private static func insert(_ table: String, _ columns: String, _ rows: [String]) -> String {
        "INSERT INTO \(table) (\(columns)) VALUES \(rows.joined(separator: ", "))"
    }
}
