<?php
/**
 * Installs WordPress for the demo store, from the command line: `php install-shop.php DOCROOT SITE_URL PRODUCTS`.
 * Does nothing twice. Exit code 0 when the shop is there.
 */

if (PHP_SAPI !== 'cli' || count($argv) !== 4) {
    fwrite(STDERR, "usage: php install-shop.php DOCROOT SITE_URL PRODUCTS\n");
    exit(2);
}
[, $docroot, $url, $count] = $argv;
define('WP_INSTALLING', true);
$_SERVER['HTTP_HOST'] = parse_url($url, PHP_URL_HOST) . ':' . (parse_url($url, PHP_URL_PORT) ?: 80);
$_SERVER['SERVER_NAME'] = parse_url($url, PHP_URL_HOST);
$_SERVER['REQUEST_URI'] = '/';
$_SERVER['SERVER_PROTOCOL'] = 'HTTP/1.1';

// There is nobody to write to.
function wp_mail()
{
    return true;
}

require "$docroot/wp-load.php";
require_once ABSPATH . 'wp-admin/includes/upgrade.php';

if (!is_blog_installed()) {
    $wpdb->suppress_errors(false);
    wp_install('Breakwater demo store', 'admin', 'admin@example.com', true, '', wp_generate_password(24));
    update_option('siteurl', $url);
    update_option('home', $url);
    update_option('permalink_structure', '/%postname%/');
}
$present = (int) $wpdb->get_var("SELECT COUNT(*) FROM {$wpdb->posts} WHERE post_type = 'product'");
$adjectives = ['Tidal', 'Harbour', 'Granite', 'Northern', 'Quiet', 'Salt', 'Amber', 'Copper'];
$nouns = ['Lantern', 'Anchor Mug', 'Rope Basket', 'Wool Throw', 'Sea Chart', 'Storm Lamp', 'Deck Chair', 'Compass'];
for ($number = $present; $number < (int) $count; $number++) {
    $title = $adjectives[$number % 8] . ' ' . $nouns[intdiv($number, 8) % 8];
    $now = gmdate('Y-m-d H:i:s');
    $wpdb->insert($wpdb->posts, [
        'post_author' => 1, 'post_date' => $now, 'post_date_gmt' => $now, 'post_modified' => $now, 'post_modified_gmt' => $now,
        'post_title' => $title, 'post_name' => sanitize_title("$title $number"), 'post_content' => "$title, made to last.",
        'post_excerpt' => '', 'to_ping' => '', 'pinged' => '', 'post_content_filtered' => '', 'post_type' => 'product',
        'post_status' => 'publish',
    ]);
    $product = $wpdb->insert_id;
    foreach (['_price' => 5 + $number % 40, '_sku' => "demo-$number", '_stock_status' => 'instock'] as $key => $value) {
        $wpdb->insert($wpdb->postmeta, ['post_id' => $product, 'meta_key' => $key, 'meta_value' => $value]);
    }
}
if ($wpdb->last_error !== '') {
    fwrite(STDERR, $wpdb->last_error . "\n");
    exit(1);
}
wp_cache_flush();
