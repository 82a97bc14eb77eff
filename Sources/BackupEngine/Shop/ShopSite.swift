/// A WordPress site in a database, by its tables. A network has several, whose prefixes begin alike (`wp_`, `wp_2_`).
struct ShopSite: Hashable {
    /// Of its tables' names.
    var prefix: String
    /// In their names without the prefix: those of ``Table`` that are there.
    var tables: Set<Table>

    /// Tables that figures are read from, with the columns that make them what their names say.
    enum Table: String, CaseIterable {
        case posts, postmeta, options, users
        case orders = "wc_orders"
        case orderItems = "woocommerce_order_items"

        var columns: Set<String> {
            switch self {
            case .posts: ["id", "post_type", "post_status", "post_name"]
            case .postmeta: ["post_id", "meta_key", "meta_value"]
            case .options: ["option_name", "option_value"]
            case .users: ["id", "user_login"]
            case .orders: ["id", "type", "total_amount"]
            case .orderItems: ["order_item_id", "order_id"]
            }
        }
    }

    var isShop: Bool { tables.contains(.orders) || tables.contains(.orderItems) }

    func name(_ table: Table) -> String { prefix + table.rawValue }

    /// - Parameter tables: The columns of each table whose rows are carried, in lower case.
    /// - Returns: The sites of a database: wherever there are posts. None when it is no WordPress.
    static func all(in tables: [String: Set<String>]) -> [ShopSite] {
        func has(_ table: Table, _ prefix: String) -> Bool {
            tables[prefix + table.rawValue]?.isSuperset(of: table.columns) ?? false
        }
        let suffix = Table.posts.rawValue
        let prefixes = tables.keys.filter { $0.hasSuffix(suffix) }.map { String($0.dropLast(suffix.count)) }
        return prefixes.sorted().compactMap { prefix in
            guard has(.posts, prefix) else { return nil }
            return ShopSite(prefix: prefix, tables: Set(Table.allCases.filter { has($0, prefix) }))
        }
    }
}
