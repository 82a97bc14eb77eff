/// The tables of a WooCommerce store that hold almost all of its rows, as WordPress 6 and WooCommerce 10 make them.
package enum ShopTable: String, CaseIterable, Sendable {
    case options = "wp_options"
    case users = "wp_users"
    case userMeta = "wp_usermeta"
    case posts = "wp_posts"
    case postMeta = "wp_postmeta"
    case orders = "wp_wc_orders"
    case orderAddresses = "wp_wc_order_addresses"
    case orderOperationalData = "wp_wc_order_operational_data"
    case orderMeta = "wp_wc_orders_meta"
    case orderItems = "wp_woocommerce_order_items"
    case orderItemMeta = "wp_woocommerce_order_itemmeta"

    /// In a store of the small size; the large one has ten times as many.
    package var rowsPerUnit: Int {
        switch self {
        case .options: 500
        case .users: 25_000
        case .userMeta: Self.users.rowsPerUnit * Self.userKeys.count
        case .posts: 50_000
        case .postMeta: Self.posts.rowsPerUnit * Self.postKeys.count
        case .orders: 100_000
        case .orderAddresses: Self.orders.rowsPerUnit * 2
        case .orderOperationalData: Self.orders.rowsPerUnit
        case .orderMeta: Self.orders.rowsPerUnit * Self.orderKeys.count
        case .orderItems: Self.orders.rowsPerUnit * 5 / 2
        case .orderItemMeta: Self.orderItems.rowsPerUnit * Self.itemKeys.count
        }
    }

    static let userKeys: [StaticString] = [
        "nickname", "first_name", "last_name", "description", "rich_editing", "syntax_highlighting", "admin_color",
        "show_admin_bar_front", "locale", "wp_capabilities", "wp_user_level", "billing_first_name",
        "billing_last_name", "billing_address_1", "billing_city", "billing_postcode", "billing_country",
        "billing_email", "billing_phone", "last_update", "session_tokens", "wc_last_active",
        "_woocommerce_persistent_cart_1", "paying_customer",
    ]
    static let postKeys: [StaticString] = [
        "_sku", "_regular_price", "_sale_price", "total_sales", "_tax_status", "_tax_class", "_manage_stock",
        "_backorders", "_sold_individually", "_weight", "_length", "_width", "_height", "_virtual", "_downloadable",
        "_download_limit", "_download_expiry", "_thumbnail_id", "_product_image_gallery", "_stock", "_stock_status",
        "_wc_average_rating", "_wc_review_count", "_product_attributes", "_product_version", "_price", "_edit_lock",
        "_edit_last", "_wp_attached_file", "_wp_attachment_metadata",
    ]
    static let orderKeys: [StaticString] = [
        "_order_stock_reduced", "_wc_order_attribution_source_type", "_wc_order_attribution_utm_source",
        "_wc_order_attribution_session_entry", "_wc_order_attribution_user_agent", "_stripe_intent_id",
        "_stripe_fee", "is_vat_exempt",
    ]
    static let itemKeys: [StaticString] = [
        "_product_id", "_variation_id", "_qty", "_tax_class", "_line_subtotal", "_line_subtotal_tax", "_line_total",
        "_line_tax", "_line_tax_data",
    ]
}
