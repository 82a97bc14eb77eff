/// The statements of an order, as WooCommerce stores one with its tables for orders: a placeholder among the posts, whose
/// number the order gets, the order, its addresses, its operational data, its items and what is known of each.
struct OrderText {
    var client: Int
    var page: Int

    /// Unique: what the payment service calls it. Orders that are lost leave their numbers to later ones, this one not.
    var name: String { "\(Self.prefix)\(client)-\(page)" }
    var items: Int { 1 + page % 3 }

    static let prefix = "drill-"
    static let keysOfItems = ["_product_id", "_qty", "_line_subtotal", "_line_total"]
    static let addresses = ["billing", "shipping"]

    let placeholder = """
        INSERT INTO wp_posts (post_date, post_date_gmt, post_content, post_title, post_excerpt, post_status, post_name, \
        to_ping, pinged, post_modified, post_modified_gmt, post_content_filtered, post_type) VALUES (NOW(), \
        UTC_TIMESTAMP(), '', 'Order', '', 'draft', '', '', '', NOW(), UTC_TIMESTAMP(), '', 'shop_order_placehold')
        """

    /// What follows the placeholder with this number; the last statement adds the items.
    func order(_ id: UInt64) -> [String] {
        let places = Self.addresses.map { "(\(id), '\($0)', 'Ada', 'Byron', '12 Street', 'London', 'GB', '\(email)')" }
        let lines = (1...items).map { "('\(name) item \($0)', 'line_item', \(id))" }
        return [
            """
            INSERT INTO wp_wc_orders (id, status, currency, type, tax_amount, total_amount, customer_id, billing_email, \
            date_created_gmt, date_updated_gmt, parent_order_id, payment_method, transaction_id) VALUES (\(id), \
            'wc-processing', 'EUR', 'shop_order', 1.9, \(10 * items), 0, '\(email)', UTC_TIMESTAMP(), UTC_TIMESTAMP(), \
            0, 'stripe', '\(name)')
            """,
            "INSERT INTO wp_wc_order_addresses (order_id, address_type, first_name, last_name, address_1, city, country, "
                + "email) VALUES " + places.joined(separator: ", "),
            "INSERT INTO wp_wc_order_operational_data (order_id, created_via, woocommerce_version, order_key) VALUES "
                + "(\(id), 'checkout', '10.2.1', 'wc_order_\(name)')",
            "INSERT INTO wp_woocommerce_order_items (order_item_name, order_item_type, order_id) VALUES "
                + lines.joined(separator: ", "),
        ]
    }

    /// What is known of the items, of which the first has this number; those of one statement follow each other.
    func itemMeta(_ firstItem: UInt64) -> String {
        let rows = (0..<items).flatMap { item in
            Self.keysOfItems.map { "(\(firstItem + UInt64(item)), '\($0)', '10')" }
        }
        return "INSERT INTO wp_woocommerce_order_itemmeta (order_item_id, meta_key, meta_value) VALUES "
            + rows.joined(separator: ", ")
    }

    func receipt(_ id: UInt64) -> String {
        "SELECT COUNT(*) FROM wp_wc_orders WHERE id = \(id) AND transaction_id = '\(name)'"
    }

    private var email: String { "\(name)@example.com" }

    /// Whether an order with so many rows beside its own is whole.
    func isWhole(posts: Int, addresses: Int, data: Int, items: Int, itemMeta: Int) -> Bool {
        posts == 1 && addresses == Self.addresses.count && data == 1 && items == self.items
            && itemMeta == self.items * Self.keysOfItems.count
    }

    /// Reads a name again; nil for one that is none of ours.
    init?(name: String) {
        let parts = name.dropFirst(Self.prefix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard name.hasPrefix(Self.prefix), parts.count == 2, let client = Int(parts[0]), let page = Int(parts[1]),
            client >= 0, page >= 0
        else { return nil }
        self.init(client: client, page: page)
    }

    init(client: Int, page: Int) {
        self.client = client
        self.page = page
    }
}
