<?php
/**
 * Plugin Name: Breakwater demo store
 * Description: Products, a cart and a checkout on WooCommerce's own tables. For drills: it takes no money.
 *
 * A must-use plugin. Every page boots WordPress, reads its options through the object cache and the catalogue from
 * there or from the database. The cart is a session as WooCommerce keeps one: a row in the database, and its copy in
 * the object cache, which is asked first. A checkout writes an order in one transaction.
 *
 *     GET  /                the products
 *     GET  /product/ID
 *     POST /cart/add        product=ID[&quantity=N]
 *     GET  /cart
 *     POST /checkout        reference=TEXT   201 once the order is committed
 *     GET  /order/ID
 *
 * Pages are HTML, or JSON for who asks for it (Accept: application/json). The session is the cookie `shop_session`.
 */

defined('ABSPATH') || exit;

final class Breakwater_Demo_Shop
{
    const LIFETIME = 172800;

    /** @var string */
    private $session = '';
    private $is_new = false;

    public static function boot()
    {
        $path = trim((string) parse_url($_SERVER['REQUEST_URI'] ?? '/', PHP_URL_PATH), '/');
        if (PHP_SAPI === 'cli' || wp_installing() || preg_match('#\Awp-|\.php\z#', $path)) {
            return;
        }
        (new self())->answer($path, $_SERVER['REQUEST_METHOD'] ?? 'GET');
    }

    private function answer($path, $method)
    {
        $this->open_session();
        $parts = explode('/', $path);
        switch ($method . ' ' . ($parts[0] === 'product' || $parts[0] === 'order' ? $parts[0] : $path)) {
            case 'GET ':
            case 'HEAD ':
                $this->show('Shop', ['products' => $this->products(), 'cart' => $this->cart()]);
            case 'GET product':
                $product = $this->products()[(int) ($parts[1] ?? 0)] ?? null;
                $product === null ? $this->fail(404, 'no such product') : $this->show($product['title'], ['product' => $product, 'cart' => $this->cart()]);
            case 'POST cart/add':
                $this->add((int) ($_POST['product'] ?? 0), (int) ($_POST['quantity'] ?? 1));
            case 'GET cart':
                $this->show('Cart', ['cart' => $this->cart()]);
            case 'POST checkout':
                $this->check_out((string) ($_POST['reference'] ?? ''));
            case 'GET order':
                $this->show_order((int) ($parts[1] ?? 0));
            default:
                $this->fail(404, 'no such page');
        }
    }

    // The session, as WC_Session_Handler keeps it.

    private function open_session()
    {
        $cookie = $_COOKIE['shop_session'] ?? '';
        $this->is_new = !(is_string($cookie) && preg_match('/\A[0-9A-Za-z-]{8,32}\z/', $cookie));
        $this->session = $this->is_new ? bin2hex(random_bytes(16)) : $cookie;
        if ($this->is_new) {
            setcookie('shop_session', $this->session, ['path' => '/', 'httponly' => true, 'samesite' => 'Lax']);
        }
    }

    /** Quantities by the products' numbers. */
    private function cart()
    {
        global $wpdb;
        $value = $this->is_new ? null : wp_cache_get($this->session, 'wc_session_id');
        if ($value === false) {
            $value = $wpdb->get_var($wpdb->prepare(
                "SELECT session_value FROM {$wpdb->prefix}woocommerce_sessions WHERE session_key = %s",
                $this->session
            ));
            $this->check_database('the cart cannot be read');
            if ($value !== null) {
                wp_cache_add($this->session, $value, 'wc_session_id', self::LIFETIME);
            }
        }
        $cart = $value === null ? [] : json_decode($value, true);
        return is_array($cart) ? $cart : [];
    }

    private function keep_cart(array $cart)
    {
        global $wpdb;
        $value = wp_json_encode((object) $cart);
        // Whoever dies between the two writes leaves no copy that is older than the row.
        wp_cache_delete($this->session, 'wc_session_id');
        $wpdb->query($wpdb->prepare(
            "INSERT INTO {$wpdb->prefix}woocommerce_sessions (session_key, session_value, session_expiry)
            VALUES (%s, %s, %d) ON DUPLICATE KEY UPDATE session_value = VALUES(session_value), session_expiry = VALUES(session_expiry)",
            $this->session,
            $value,
            time() + self::LIFETIME
        ));
        $this->check_database('the cart cannot be kept');
        wp_cache_set($this->session, $value, 'wc_session_id', self::LIFETIME);
    }

    // The catalogue.

    private function products()
    {
        global $wpdb;
        $products = wp_cache_get('catalogue', 'breakwater_demo');
        if (!is_array($products)) {
            $rows = $wpdb->get_results(
                "SELECT p.ID, p.post_title, p.post_content, m.meta_value AS price FROM {$wpdb->posts} p
                JOIN {$wpdb->postmeta} m ON m.post_id = p.ID AND m.meta_key = '_price'
                WHERE p.post_type = 'product' AND p.post_status = 'publish' ORDER BY p.ID LIMIT 48"
            );
            $this->check_database('the products cannot be read');
            $products = [];
            foreach ($rows as $row) {
                $products[(int) $row->ID] = [
                    'id' => (int) $row->ID, 'title' => $row->post_title, 'text' => $row->post_content, 'price' => $row->price,
                ];
            }
            wp_cache_set('catalogue', $products, 'breakwater_demo', 60);
        }
        return $products;
    }

    private function add($product, $quantity)
    {
        if (!isset($this->products()[$product]) || $quantity < 1 || $quantity > 99) {
            $this->fail(422, 'no such product, or no quantity from 1 to 99');
        }
        $cart = $this->cart();
        $cart[$product] = ($cart[$product] ?? 0) + $quantity;
        $this->keep_cart($cart);
        $this->wants_json() ? $this->show('Cart', ['cart' => $cart]) : $this->go('/cart');
    }

    // Orders.

    private function check_out($reference)
    {
        $cart = $this->cart();
        if (!preg_match('/\A[0-9A-Za-z-]{1,64}\z/', $reference)) {
            $this->fail(422, 'a checkout has a reference of letters, digits and hyphens');
        }
        if (!$cart) {
            $this->fail(409, 'the cart is empty');
        }
        $order = $this->place($reference, $cart);
        // After the order is there: were it before, a shopper could end up with neither.
        $this->keep_cart([]);
        $this->wants_json() ? $this->show('Thank you', ['order' => $order, 'reference' => $reference], 201) : $this->go("/order/$order");
    }

    /** Everything of an order, or nothing. */
    private function place($reference, array $cart)
    {
        global $wpdb;
        $products = $this->products();
        $prefix = $wpdb->prefix;
        $now = gmdate('Y-m-d H:i:s');
        $email = "$reference@example.com";
        $total = 0;
        foreach ($cart as $product => $quantity) {
            $total += $quantity * (float) ($products[$product]['price'] ?? 0);
        }
        // WordPress connects anew by itself when its connection was closed, and sends the statement that failed again:
        // in the middle of a transaction what came before is then rolled back, and what follows is there on its own.
        $retries = $wpdb->reconnect_retries;
        $wpdb->reconnect_retries = 0;
        $this->run('START TRANSACTION');
        $this->insert($wpdb->posts, [
            'post_date' => $now, 'post_date_gmt' => $now, 'post_modified' => $now, 'post_modified_gmt' => $now, 'post_content' => '',
            'post_title' => 'Order', 'post_excerpt' => '', 'to_ping' => '', 'pinged' => '', 'post_content_filtered' => '',
            'post_status' => 'draft', 'post_type' => 'shop_order_placehold',
        ]);
        $order = (int) $wpdb->insert_id;
        $this->insert("{$prefix}wc_orders", [
            'id' => $order, 'status' => 'wc-processing', 'currency' => 'EUR', 'type' => 'shop_order', 'tax_amount' => 0,
            'total_amount' => $total, 'customer_id' => 0, 'billing_email' => $email, 'date_created_gmt' => $now,
            'date_updated_gmt' => $now, 'parent_order_id' => 0, 'payment_method' => 'none', 'transaction_id' => $reference,
        ]);
        foreach (['billing', 'shipping'] as $kind) {
            $this->insert("{$prefix}wc_order_addresses", [
                'order_id' => $order, 'address_type' => $kind, 'first_name' => 'Ada', 'last_name' => 'Byron',
                'address_1' => '12 Street', 'city' => 'London', 'country' => 'GB', 'email' => $email,
            ]);
        }
        $this->insert("{$prefix}wc_order_operational_data", [
            'order_id' => $order, 'created_via' => 'checkout', 'woocommerce_version' => 'demo', 'order_key' => "wc_order_$reference",
        ]);
        foreach ($cart as $product => $quantity) {
            $line = $quantity * (float) ($products[$product]['price'] ?? 0);
            $this->insert("{$prefix}woocommerce_order_items", [
                'order_item_name' => $reference . ' ' . ($products[$product]['title'] ?? ''), 'order_item_type' => 'line_item',
                'order_id' => $order,
            ]);
            $item = (int) $wpdb->insert_id;
            $meta = ['_product_id' => $product, '_qty' => $quantity, '_line_subtotal' => $line, '_line_total' => $line];
            foreach ($meta as $key => $value) {
                $this->insert("{$prefix}woocommerce_order_itemmeta", ['order_item_id' => $item, 'meta_key' => $key, 'meta_value' => $value]);
            }
        }
        $this->run('COMMIT');
        $wpdb->reconnect_retries = $retries;
        return $order;
    }

    private function show_order($order)
    {
        global $wpdb;
        $row = $wpdb->get_row($wpdb->prepare("SELECT id, transaction_id, total_amount FROM {$wpdb->prefix}wc_orders WHERE id = %d", $order));
        $this->check_database('the order cannot be read');
        $row === null ? $this->fail(404, 'no such order') : $this->show("Order $order", [
            'order' => (int) $row->id, 'reference' => $row->transaction_id, 'total' => $row->total_amount,
        ]);
    }

    private function insert($table, array $values)
    {
        global $wpdb;
        if ($wpdb->insert($table, $values) === false) {
            $this->fail(500, 'the order cannot be placed');
        }
    }

    private function run($statement)
    {
        global $wpdb;
        if ($wpdb->query($statement) === false) {
            $this->fail(500, 'the order cannot be placed');
        }
    }

    private function check_database($what)
    {
        global $wpdb;
        if ($wpdb->last_error !== '') {
            $this->fail(503, $what);
        }
    }

    // Pages.

    private function wants_json()
    {
        return strpos($_SERVER['HTTP_ACCEPT'] ?? '', 'application/json') !== false;
    }

    private function go($path)
    {
        nocache_headers();
        header("Location: $path", true, 303);
        exit;
    }

    private function fail($status, $text)
    {
        $this->show($text, ['error' => $text], $status);
    }

    private function show($title, array $facts, $status = 200)
    {
        nocache_headers();
        http_response_code($status);
        if ($this->wants_json()) {
            if (isset($facts['cart'])) {
                $facts['cart'] = (object) $facts['cart'];
            }
            header('Content-Type: application/json');
            echo wp_json_encode(['session' => $this->session] + $facts);
            exit;
        }
        header('Content-Type: text/html; charset=utf-8');
        $this->page($title, $facts);
        exit;
    }

    private function page($title, array $facts)
    {
        $count = array_sum($facts['cart'] ?? []);
        printf(
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">' .
            '<title>%1$s – %2$s</title><style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}' .
            'ul{display:grid;grid-template-columns:repeat(auto-fill,minmax(12rem,1fr));gap:1rem;padding:0;list-style:none}' .
            'li{border:1px solid #8886;border-radius:.5rem;padding:1rem}:root{color-scheme:light dark}</style></head><body>' .
            '<p><a href="/">%2$s</a> · <a href="/cart">Cart (%3$d)</a></p><h1>%1$s</h1>',
            esc_html($title),
            esc_html(get_option('blogname')),
            $count
        );
        foreach (isset($facts['product']) ? [$facts['product']] : [] as $product) {
            printf('<p>%s</p><p>%s EUR</p>%s', esc_html($product['text']), esc_html($product['price']), $this->button($product['id']));
        }
        if (isset($facts['products'])) {
            echo '<ul>';
            foreach ($facts['products'] as $product) {
                printf(
                    '<li><a href="/product/%d">%s</a><br>%s EUR</li>',
                    $product['id'],
                    esc_html($product['title']),
                    esc_html($product['price'])
                );
            }
            echo '</ul>';
        } elseif (isset($facts['cart']) && !isset($facts['product'])) {
            $products = $this->products();
            foreach ($facts['cart'] as $product => $quantity) {
                printf('<p>%d × %s</p>', $quantity, esc_html($products[$product]['title'] ?? '?'));
            }
            printf(
                '<form method="post" action="/checkout"><input type="hidden" name="reference" value="web-%s"><button>Buy</button></form>',
                bin2hex(random_bytes(6))
            );
        }
        if (isset($facts['order'])) {
            printf('<p>Order %d, reference %s</p>', $facts['order'], esc_html($facts['reference']));
        }
        echo '</body></html>';
    }

    private function button($product)
    {
        return '<form method="post" action="/cart/add"><input type="hidden" name="product" value="' . (int) $product .
            '"><button>Add to cart</button></form>';
    }
}

add_action('init', ['Breakwater_Demo_Shop', 'boot'], 0);
