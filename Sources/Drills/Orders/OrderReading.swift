internal import MySQLClient

/// The shoppers' orders in a database.
enum OrderReading {
    private static let question = """
        SELECT o.transaction_id,
        (SELECT COUNT(*) FROM wp_posts p WHERE p.ID = o.id),
        (SELECT COUNT(*) FROM wp_wc_order_addresses a WHERE a.order_id = o.id),
        (SELECT COUNT(*) FROM wp_wc_order_operational_data d WHERE d.order_id = o.id),
        (SELECT COUNT(*) FROM wp_woocommerce_order_items i WHERE i.order_id = o.id),
        (SELECT COUNT(*) FROM wp_woocommerce_order_items i JOIN wp_woocommerce_order_itemmeta m
        ON m.order_item_id = i.order_item_id WHERE i.order_id = o.id)
        FROM wp_wc_orders o WHERE o.transaction_id LIKE '\(OrderText.prefix)%'
        """

    /// Items that are there without their order.
    private static let orphans = """
        SELECT SUBSTRING_INDEX(i.order_item_name, ' ', 1) FROM wp_woocommerce_order_items i
        LEFT JOIN wp_wc_orders o ON o.id = i.order_id
        WHERE i.order_item_name LIKE '\(OrderText.prefix)%' AND o.id IS NULL GROUP BY 1
        """

    /// - Throws: `MySQLError`; `DrillError` for a row that cannot be one of ours.
    static func orders(in settings: MySQLSettings) async throws -> [OrderChecker.Found] {
        try await MySQLConnection.with(settings) { connection in
            let rows = try await connection.query(question, limit: 256 << 20)
            let whole = try rows.rows.indices.map { row in
                let counts = (1...5).map { Int(rows.text(row, $0) ?? "") ?? -1 }
                let order = try order(rows.text(row, 0))
                return OrderChecker.Found(
                    client: order.client, page: order.page,
                    isWhole: order.isWhole(
                        posts: counts[0], addresses: counts[1], data: counts[2], items: counts[3], itemMeta: counts[4]))
            }
            let torn = try await connection.query(orphans)
            return try whole
                + torn.rows.indices.map { row in
                    let order = try order(torn.text(row, 0))
                    return OrderChecker.Found(client: order.client, page: order.page, isWhole: false)
                }
        }
    }

    private static func order(_ name: String?) throws -> OrderText {
        guard let order = OrderText(name: name ?? "") else {
            throw DrillError("drill.foreign_order", "the database has an order named \(name ?? "NULL")")
        }
        return order
    }
}
