/// Definitions as the two programs make them, but for the indexes, which are made when the rows are there.
extension ShopTable {
    private static let postDate = "datetime NOT NULL DEFAULT '0000-00-00 00:00:00'"
    private static let meta = """
        varchar(255) COLLATE utf8mb4_unicode_520_ci DEFAULT NULL, meta_value longtext COLLATE utf8mb4_unicode_520_ci
        """

    /// What stands between the parentheses of CREATE TABLE.
    private var columns: String {
        switch self {
        case .options:
            """
            option_id bigint unsigned NOT NULL AUTO_INCREMENT, option_name varchar(191) NOT NULL DEFAULT '',
            option_value longtext NOT NULL, autoload varchar(20) NOT NULL DEFAULT 'yes', PRIMARY KEY (option_id)
            """
        case .users:
            """
            ID bigint unsigned NOT NULL AUTO_INCREMENT, user_login varchar(60) NOT NULL DEFAULT '',
            user_pass varchar(255) NOT NULL DEFAULT '', user_nicename varchar(50) NOT NULL DEFAULT '',
            user_email varchar(100) NOT NULL DEFAULT '', user_url varchar(100) NOT NULL DEFAULT '',
            user_registered \(Self.postDate), user_activation_key varchar(255) NOT NULL DEFAULT '',
            user_status int NOT NULL DEFAULT '0', display_name varchar(250) NOT NULL DEFAULT '', PRIMARY KEY (ID)
            """
        case .userMeta:
            """
            umeta_id bigint unsigned NOT NULL AUTO_INCREMENT, user_id bigint unsigned NOT NULL DEFAULT '0',
            meta_key \(Self.meta), PRIMARY KEY (umeta_id)
            """
        case .posts:
            """
            ID bigint unsigned NOT NULL AUTO_INCREMENT, post_author bigint unsigned NOT NULL DEFAULT '0',
            post_date \(Self.postDate), post_date_gmt \(Self.postDate), post_content longtext NOT NULL,
            post_title text NOT NULL, post_excerpt text NOT NULL, post_status varchar(20) NOT NULL DEFAULT 'publish',
            comment_status varchar(20) NOT NULL DEFAULT 'open', ping_status varchar(20) NOT NULL DEFAULT 'open',
            post_password varchar(255) NOT NULL DEFAULT '', post_name varchar(200) NOT NULL DEFAULT '',
            to_ping text NOT NULL, pinged text NOT NULL, post_modified \(Self.postDate),
            post_modified_gmt \(Self.postDate), post_content_filtered longtext NOT NULL,
            post_parent bigint unsigned NOT NULL DEFAULT '0', guid varchar(255) NOT NULL DEFAULT '',
            menu_order int NOT NULL DEFAULT '0', post_type varchar(20) NOT NULL DEFAULT 'post',
            post_mime_type varchar(100) NOT NULL DEFAULT '', comment_count bigint NOT NULL DEFAULT '0',
            PRIMARY KEY (ID)
            """
        case .postMeta:
            """
            meta_id bigint unsigned NOT NULL AUTO_INCREMENT, post_id bigint unsigned NOT NULL DEFAULT '0',
            meta_key \(Self.meta), PRIMARY KEY (meta_id)
            """
        case .orders:
            """
            id bigint unsigned NOT NULL, status varchar(20) DEFAULT NULL, currency varchar(10) DEFAULT NULL,
            type varchar(20) DEFAULT NULL, tax_amount decimal(26,8) DEFAULT NULL,
            total_amount decimal(26,8) DEFAULT NULL, customer_id bigint unsigned DEFAULT NULL,
            billing_email varchar(320) DEFAULT NULL, date_created_gmt datetime DEFAULT NULL,
            date_updated_gmt datetime DEFAULT NULL, parent_order_id bigint unsigned DEFAULT NULL,
            payment_method varchar(100) DEFAULT NULL, payment_method_title text, transaction_id varchar(100) DEFAULT NULL,
            ip_address varchar(100) DEFAULT NULL, user_agent text, customer_note text, PRIMARY KEY (id)
            """
        case .orderAddresses:
            """
            id bigint unsigned NOT NULL AUTO_INCREMENT, order_id bigint unsigned NOT NULL,
            address_type varchar(20) DEFAULT NULL, first_name text, last_name text, company text, address_1 text,
            address_2 text, city text, state text, postcode text, country text, email varchar(320) DEFAULT NULL,
            phone varchar(100) DEFAULT NULL, PRIMARY KEY (id)
            """
        case .orderOperationalData:
            """
            id bigint unsigned NOT NULL AUTO_INCREMENT, order_id bigint unsigned DEFAULT NULL,
            created_via varchar(100) DEFAULT NULL, woocommerce_version varchar(20) DEFAULT NULL,
            prices_include_tax tinyint(1) DEFAULT NULL, coupon_usages_are_counted tinyint(1) DEFAULT NULL,
            download_permission_granted tinyint(1) DEFAULT NULL, cart_hash varchar(100) DEFAULT NULL,
            new_order_email_sent tinyint(1) DEFAULT NULL, order_key varchar(100) DEFAULT NULL,
            order_stock_reduced tinyint(1) DEFAULT NULL, date_paid_gmt datetime DEFAULT NULL,
            date_completed_gmt datetime DEFAULT NULL, shipping_tax_amount decimal(26,8) DEFAULT NULL,
            shipping_total_amount decimal(26,8) DEFAULT NULL, discount_tax_amount decimal(26,8) DEFAULT NULL,
            discount_total_amount decimal(26,8) DEFAULT NULL, recorded_sales tinyint(1) DEFAULT NULL, PRIMARY KEY (id)
            """
        case .orderMeta:
            """
            id bigint unsigned NOT NULL AUTO_INCREMENT, order_id bigint unsigned DEFAULT NULL,
            meta_key varchar(255) DEFAULT NULL, meta_value text, PRIMARY KEY (id)
            """
        case .orderItems:
            """
            order_item_id bigint unsigned NOT NULL AUTO_INCREMENT, order_item_name text NOT NULL,
            order_item_type varchar(200) NOT NULL DEFAULT '', order_id bigint unsigned NOT NULL,
            PRIMARY KEY (order_item_id)
            """
        case .orderItemMeta:
            """
            meta_id bigint unsigned NOT NULL AUTO_INCREMENT, order_item_id bigint unsigned NOT NULL,
            meta_key varchar(255) DEFAULT NULL, meta_value longtext, PRIMARY KEY (meta_id)
            """
        }
    }

    package var create: String {
        "CREATE TABLE IF NOT EXISTS \(rawValue) (\(columns)) "
            + "ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_520_ci"
    }

    /// By name; a name tells whether the index was made already.
    package var indexes: [(name: String, columns: String)] {
        switch self {
        case .options: [("option_name", "(option_name)"), ("autoload", "(autoload)")]
        case .users:
            [
                ("user_login_key", "(user_login)"), ("user_nicename", "(user_nicename)"),
                ("user_email", "(user_email)"),
            ]
        case .userMeta: [("user_id", "(user_id)"), ("meta_key", "(meta_key(191))")]
        case .posts:
            [
                ("post_name", "(post_name(191))"), ("type_status_date", "(post_type,post_status,post_date,ID)"),
                ("post_parent", "(post_parent)"), ("post_author", "(post_author)"),
            ]
        case .postMeta: [("post_id", "(post_id)"), ("meta_key", "(meta_key(191))")]
        case .orders:
            [
                ("status", "(status)"), ("date_created", "(date_created_gmt)"),
                ("customer_id_billing_email", "(customer_id,billing_email(171))"),
                ("billing_email", "(billing_email(191))"), ("type_status_date", "(type,status,date_created_gmt)"),
                ("parent_order_id", "(parent_order_id)"), ("date_updated", "(date_updated_gmt)"),
            ]
        case .orderAddresses:
            [
                ("order_id", "(order_id)"), ("address_type_order_id", "(address_type,order_id)"),
                ("email", "(email(191))"), ("phone", "(phone)"),
            ]
        case .orderOperationalData: [("order_id", "(order_id)"), ("order_key", "(order_key)")]
        case .orderMeta:
            [
                ("meta_key_value", "(meta_key(100),meta_value(82))"),
                ("order_id_meta_key_meta_value", "(order_id,meta_key(100),meta_value(82))"),
            ]
        case .orderItems: [("order_id", "(order_id)")]
        case .orderItemMeta: [("order_item_id", "(order_item_id)"), ("meta_key", "(meta_key(32))")]
        }
    }

    /// Those of the indexes that are unique.
    private static let uniqueIndexes: Set<String> = ["option_name", "address_type_order_id"]

    /// What makes some of the indexes.
    package func statement(adding indexes: [(name: String, columns: String)]) -> String {
        let additions = indexes.map { index in
            "ADD \(Self.uniqueIndexes.contains(index.name) ? "UNIQUE " : "")KEY \(index.name) \(index.columns)"
        }
        return "ALTER TABLE \(rawValue) \(additions.joined(separator: ", "))"
    }

    /// What fills the table with the rows of a file on the server.
    package func statement(loading file: String) -> String {
        "LOAD DATA INFILE '\(file)' INTO TABLE \(rawValue) CHARACTER SET utf8mb4"
    }

    /// What a session is told before it makes and fills tables.
    package static let sessionStatements = [
        "SET NAMES utf8mb4", "SET SESSION sql_mode='NO_AUTO_VALUE_ON_ZERO', unique_checks=0",
    ]
}
