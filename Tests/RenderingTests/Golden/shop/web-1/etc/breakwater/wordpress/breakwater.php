<?php
// WordPress on web-1, a web node of the store shop: its database and its object cache.
// Rendered by Breakwater from the topology; change that and render again.
// In wp-config.php, before wp-settings.php: require '/etc/breakwater/wordpress/breakwater.php';

defined('DB_HOST') || define('DB_HOST', '10.10.0.51:3306');
defined('DB_NAME') || define('DB_NAME', 'shop');
defined('DB_CHARSET') || define('DB_CHARSET', 'utf8mb4');
defined('DB_COLLATE') || define('DB_COLLATE', '');

// Redis through this node's sidecar, which follows the master: no list of Sentinels here.
defined('WP_REDIS_CLIENT') || define('WP_REDIS_CLIENT', 'phpredis');
defined('WP_REDIS_SCHEME') || define('WP_REDIS_SCHEME', 'unix');
defined('WP_REDIS_PATH') || define('WP_REDIS_PATH', '/run/breakwater/redis.sock');
defined('WP_REDIS_PREFIX') || define('WP_REDIS_PREFIX', 'shop');
defined('WP_REDIS_TIMEOUT') || define('WP_REDIS_TIMEOUT', 1);
// Longer than a command may wait for a new master (sidecar.hold).
defined('WP_REDIS_READ_TIMEOUT') || define('WP_REDIS_READ_TIMEOUT', 2);
// Without its cache a page is slow; without this it would be an error.
defined('WP_REDIS_GRACEFUL') || define('WP_REDIS_GRACEFUL', true);

// TLS ends at the balancer.
if (($_SERVER['HTTP_X_FORWARDED_PROTO'] ?? '') === 'https') {
    $_SERVER['HTTPS'] = 'on';
}
