internal import RecoveryCore

/// A figure that tells a shopkeeper whether a restored shop is his. Its raw value is the end of its name in the
/// manifest: `wp_/orders`.
enum ShopFigure: String, CaseIterable {
    case posts, users, products
    /// Whatever their status; refunds are no orders.
    case orders
    /// Its id.
    case newestOrder = "newest_order"
    /// Of the newest 10,000 orders, in no particular currency.
    case newestOrdersTotal = "newest_orders_total"

    func name(_ site: ShopSite) -> String { "\(site.prefix)/\(rawValue)" }

    /// Whether the name of a check is one of these.
    static func isName(_ name: String) -> Bool {
        name.split(separator: "/", omittingEmptySubsequences: false).last.map {
            ShopFigure(rawValue: String($0)) != nil
        }
            ?? false
    }
}

/// The question for one or more figures, whose answer has a column for each.
struct ShopQuery: Equatable {
    var figures: [ShopFigure]
    /// Begins with `SELECT`.
    var statement: String
}

/// Where a shop's orders are.
enum OrderStorage {
    /// In tables of their own ("high-performance order storage").
    case tables
    /// As posts, their totals among the posts' meta values.
    case posts
}

extension ShopSite {
    /// So many orders are added up, whatever the size of the shop: their totals are in no index.
    static let newest = 10_000

    /// What WooCommerce says about where it keeps orders: `yes` for tables of their own.
    var storageQuery: String? {
        tables.contains(.options) && tables.contains(.orders)
            ? "SELECT option_value FROM \(name(.options).sqlIdentifier)"
                + " WHERE option_name = 'woocommerce_custom_orders_table_enabled'"
            : nil
    }

    /// Every question is answered from an index, or from a bounded number of rows.
    func queries(_ storage: OrderStorage) -> [ShopQuery] {
        var queries = [ShopQuery(figures: [.posts], statement: "SELECT COUNT(*) FROM \(name(.posts).sqlIdentifier)")]
        if tables.contains(.users) {
            queries.append(
                ShopQuery(figures: [.users], statement: "SELECT COUNT(*) FROM \(name(.users).sqlIdentifier)"))
        }
        guard isShop else { return queries }
        queries.append(
            ShopQuery(
                figures: [.products],
                statement: "SELECT COUNT(*) FROM \(name(.posts).sqlIdentifier) WHERE post_type = 'product'"))
        return queries + (storage == .tables && tables.contains(.orders) ? orderTableQueries : orderPostQueries)
    }

    private var orderTableQueries: [ShopQuery] {
        let from = "FROM \(name(.orders).sqlIdentifier) WHERE type = 'shop_order'"
        return [
            ShopQuery(figures: [.orders, .newestOrder], statement: "SELECT COUNT(*), MAX(id) \(from)"),
            ShopQuery(
                figures: [.newestOrdersTotal],
                statement: "SELECT SUM(total) FROM (SELECT total_amount AS total \(from)"
                    + " ORDER BY id DESC LIMIT \(Self.newest)) AS newest"),
        ]
    }

    private var orderPostQueries: [ShopQuery] {
        let from = "FROM \(name(.posts).sqlIdentifier) WHERE post_type = 'shop_order'"
        var queries = [ShopQuery(figures: [.orders, .newestOrder], statement: "SELECT COUNT(*), MAX(ID) \(from)")]
        if tables.contains(.postmeta) {
            queries.append(
                ShopQuery(
                    figures: [.newestOrdersTotal],
                    statement: "SELECT SUM(CAST(meta.meta_value AS DECIMAL(26,8))) FROM (SELECT ID AS id \(from)"
                        + " ORDER BY ID DESC LIMIT \(Self.newest)) AS newest STRAIGHT_JOIN"
                        + " \(name(.postmeta).sqlIdentifier) AS meta"
                        + " ON meta.post_id = newest.id AND meta.meta_key = '_order_total'"))
        }
        return queries
    }

    /// What a backup said, against what is there now. Names that are no figure of this version are passed over.
    static func differences(
        from checks: [String: String], to found: [String: String]
    ) -> [BackupManifest.LeftOut] {
        checks.keys.sorted().filter(ShopFigure.isName).compactMap { name in
            guard found[name] != checks[name] else { return nil }
            return .init(name, why: "is \(found[name] ?? "missing"), was \(checks[name] ?? "") in the backup")
        }
    }
}
