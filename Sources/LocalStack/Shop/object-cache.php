<?php
/**
 * WordPress' object cache in Redis, over phpredis: the drop-in of the demo store, `wp-content/object-cache.php`.
 *
 * It does on the wire what the plugins that shops use do: one connection for each request, strictly serial commands,
 * `PREFIX:GROUP:KEY` with serialised values. When Redis fails a command, there is no cache for the rest of the request:
 * what is asked for is missing, and the page is made from the database.
 */

defined('ABSPATH') || exit;

final class Breakwater_Object_Cache
{
    /** @var Redis|null Connected at the first use; null once it has failed. */
    private $redis = null;
    private $state = 'new';
    private $memory = [];
    private $local_groups = ['counts' => true, 'plugins' => true, 'themes' => true];
    public $global_groups = [];
    public $cache_hits = 0;
    public $cache_misses = 0;
    /** Why Redis was given up in this request. */
    public $failure = '';

    private function redis()
    {
        if ($this->state === 'new') {
            $this->state = 'failed';
            $this->attempt(function () {
                $redis = new Redis();
                $connected = defined('WP_REDIS_PATH')
                    ? @$redis->connect(WP_REDIS_PATH)
                    : @$redis->connect(WP_REDIS_HOST, (int) WP_REDIS_PORT, (float) (defined('WP_REDIS_TIMEOUT') ? WP_REDIS_TIMEOUT : 1));
                if (!$connected) {
                    throw new RedisException('cannot connect');
                }
                $redis->setOption(Redis::OPT_READ_TIMEOUT, (float) (defined('WP_REDIS_READ_TIMEOUT') ? WP_REDIS_READ_TIMEOUT : 1));
                if (defined('WP_REDIS_PASSWORD') && WP_REDIS_PASSWORD !== '') {
                    $redis->auth(WP_REDIS_PASSWORD);
                }
                $redis->ping();
                $this->redis = $redis;
                $this->state = 'connected';
            });
        }
        return $this->redis;
    }

    /** Runs something on Redis; null when there is none any more. */
    private function attempt(callable $body)
    {
        try {
            return $body();
        } catch (RedisException $error) {
            $this->failure = $error->getMessage();
            $this->redis = null;
            $this->state = 'failed';
            return null;
        }
    }

    private function on_redis($group, callable $body)
    {
        if (isset($this->local_groups[$group])) {
            return null;
        }
        $redis = $this->redis();
        return $redis === null ? null : $this->attempt(function () use ($body, $redis) {
            return $body($redis);
        });
    }

    private function name($key, $group)
    {
        return (defined('WP_REDIS_PREFIX') ? WP_REDIS_PREFIX : 'wp') . ":$group:" . str_replace(' ', '-', $key);
    }

    private function group($group)
    {
        return $group === '' || $group === null ? 'default' : $group;
    }

    private static function pack($value)
    {
        return is_int($value) ? (string) $value : serialize($value);
    }

    private static function unpack($text)
    {
        if (preg_match('/\A-?[0-9]{1,18}\z/', $text)) {
            return (int) $text;
        }
        return @unserialize($text);
    }

    private function keep($key, $group, $value)
    {
        $this->memory[$group][$key] = is_object($value) ? clone $value : $value;
    }

    private function options($expire, $condition = null)
    {
        $options = $condition === null ? [] : [$condition];
        if ($expire > 0) {
            $options['ex'] = $expire;
        }
        return $options;
    }

    public function get($key, $group = '', $force = false, &$found = null)
    {
        $group = $this->group($group);
        if (!$force && isset($this->memory[$group]) && array_key_exists($key, $this->memory[$group])) {
            $found = true;
            $this->cache_hits++;
            $value = $this->memory[$group][$key];
            return is_object($value) ? clone $value : $value;
        }
        $text = $this->on_redis($group, function ($redis) use ($key, $group) {
            return $redis->get($this->name($key, $group));
        });
        $found = is_string($text);
        if (!$found) {
            $this->cache_misses++;
            return false;
        }
        $this->cache_hits++;
        $value = self::unpack($text);
        $this->keep($key, $group, $value);
        return $value;
    }

    public function get_multiple($keys, $group = '', $force = false)
    {
        $group = $this->group($group);
        $values = [];
        $missing = [];
        foreach ($keys as $key) {
            $there = !$force && isset($this->memory[$group]) && array_key_exists($key, $this->memory[$group]);
            $values[$key] = $there ? $this->memory[$group][$key] : false;
            if (!$there) {
                $missing[] = $key;
            }
        }
        if ($missing) {
            $texts = $this->on_redis($group, function ($redis) use ($missing, $group) {
                return $redis->mGet(array_map(function ($key) use ($group) {
                    return $this->name($key, $group);
                }, $missing));
            });
            foreach ($missing as $index => $key) {
                if (is_array($texts) && is_string($texts[$index] ?? false)) {
                    $values[$key] = self::unpack($texts[$index]);
                    $this->keep($key, $group, $values[$key]);
                }
            }
        }
        return $values;
    }

    public function set($key, $value, $group = '', $expire = 0)
    {
        $group = $this->group($group);
        $this->keep($key, $group, $value);
        $done = $this->on_redis($group, function ($redis) use ($key, $value, $group, $expire) {
            return $redis->set($this->name($key, $group), self::pack($value), $this->options((int) $expire));
        });
        return isset($this->local_groups[$group]) || (bool) $done;
    }

    public function add($key, $value, $group = '', $expire = 0)
    {
        if (function_exists('wp_suspend_cache_addition') && wp_suspend_cache_addition()) {
            return false;
        }
        return $this->set_if('nx', $key, $value, $group, $expire);
    }

    public function replace($key, $value, $group = '', $expire = 0)
    {
        return $this->set_if('xx', $key, $value, $group, $expire);
    }

    private function set_if($condition, $key, $value, $group, $expire)
    {
        $group = $this->group($group);
        $done = $this->on_redis($group, function ($redis) use ($condition, $key, $value, $group, $expire) {
            return $redis->set($this->name($key, $group), self::pack($value), $this->options((int) $expire, $condition));
        });
        if ($done === null) {
            $there = isset($this->memory[$group]) && array_key_exists($key, $this->memory[$group]);
            $done = $there === ($condition === 'xx');
        }
        if ($done) {
            $this->keep($key, $group, $value);
        }
        return (bool) $done;
    }

    public function delete($key, $group = '')
    {
        $group = $this->group($group);
        $was_here = isset($this->memory[$group]) && array_key_exists($key, $this->memory[$group]);
        unset($this->memory[$group][$key]);
        $count = $this->on_redis($group, function ($redis) use ($key, $group) {
            return $redis->del($this->name($key, $group));
        });
        return $count === null ? $was_here : $count > 0;
    }

    public function change($key, $by, $group = '')
    {
        $group = $this->group($group);
        $value = $this->on_redis($group, function ($redis) use ($key, $by, $group) {
            $name = $this->name($key, $group);
            return $redis->exists($name) ? $redis->incrBy($name, $by) : false;
        });
        if ($value === null && isset($this->memory[$group][$key])) {
            $value = max(0, (int) $this->memory[$group][$key] + $by);
        }
        if (is_int($value)) {
            $this->keep($key, $group, $value);
            return $value;
        }
        return false;
    }

    public function flush()
    {
        $this->memory = [];
        return (bool) $this->on_redis('default', function ($redis) {
            return $redis->flushDB();
        });
    }

    public function flush_runtime()
    {
        $this->memory = [];
        return true;
    }

    public function flush_group($group)
    {
        unset($this->memory[$group]);
        $script = <<<'LUA'
            local cursor = '0'
            repeat
                local page = redis.call('SCAN', cursor, 'MATCH', ARGV[1], 'COUNT', 500)
                cursor = page[1]
                if #page[2] > 0 then redis.call('DEL', unpack(page[2])) end
            until cursor == '0'
            return 1
            LUA;
        return (bool) $this->on_redis($group, function ($redis) use ($script, $group) {
            return $redis->eval($script, [$this->name('*', $group)], 0);
        });
    }

    public function add_local_groups($groups)
    {
        foreach ((array) $groups as $group) {
            $this->local_groups[$group] = true;
        }
    }

    public function add_global_groups($groups)
    {
        $this->global_groups = array_merge($this->global_groups, array_fill_keys((array) $groups, true));
    }

    public function close()
    {
        $this->attempt(function () {
            if ($this->redis !== null) {
                $this->redis->close();
            }
        });
        return true;
    }

    public function is_connected()
    {
        return $this->state === 'connected';
    }
}

function wp_cache_init()
{
    $GLOBALS['wp_object_cache'] = new Breakwater_Object_Cache();
}

function wp_cache_get($key, $group = '', $force = false, &$found = null)
{
    return $GLOBALS['wp_object_cache']->get($key, $group, $force, $found);
}

function wp_cache_get_multiple($keys, $group = '', $force = false)
{
    return $GLOBALS['wp_object_cache']->get_multiple($keys, $group, $force);
}

function wp_cache_set($key, $value, $group = '', $expire = 0)
{
    return $GLOBALS['wp_object_cache']->set($key, $value, $group, $expire);
}

function wp_cache_set_multiple(array $values, $group = '', $expire = 0)
{
    $done = [];
    foreach ($values as $key => $value) {
        $done[$key] = wp_cache_set($key, $value, $group, $expire);
    }
    return $done;
}

function wp_cache_add($key, $value, $group = '', $expire = 0)
{
    return $GLOBALS['wp_object_cache']->add($key, $value, $group, $expire);
}

function wp_cache_add_multiple(array $values, $group = '', $expire = 0)
{
    $done = [];
    foreach ($values as $key => $value) {
        $done[$key] = wp_cache_add($key, $value, $group, $expire);
    }
    return $done;
}

function wp_cache_replace($key, $value, $group = '', $expire = 0)
{
    return $GLOBALS['wp_object_cache']->replace($key, $value, $group, $expire);
}

function wp_cache_delete($key, $group = '')
{
    return $GLOBALS['wp_object_cache']->delete($key, $group);
}

function wp_cache_delete_multiple(array $keys, $group = '')
{
    $done = [];
    foreach ($keys as $key) {
        $done[$key] = wp_cache_delete($key, $group);
    }
    return $done;
}

function wp_cache_incr($key, $offset = 1, $group = '')
{
    return $GLOBALS['wp_object_cache']->change($key, (int) $offset, $group);
}

function wp_cache_decr($key, $offset = 1, $group = '')
{
    return $GLOBALS['wp_object_cache']->change($key, -(int) $offset, $group);
}

function wp_cache_flush()
{
    return $GLOBALS['wp_object_cache']->flush();
}

function wp_cache_flush_runtime()
{
    return $GLOBALS['wp_object_cache']->flush_runtime();
}

function wp_cache_flush_group($group)
{
    return $GLOBALS['wp_object_cache']->flush_group($group);
}

function wp_cache_supports($feature)
{
    return in_array($feature, ['add_multiple', 'set_multiple', 'get_multiple', 'delete_multiple', 'flush_runtime', 'flush_group'], true);
}

function wp_cache_add_non_persistent_groups($groups)
{
    $GLOBALS['wp_object_cache']->add_local_groups($groups);
}

function wp_cache_add_global_groups($groups)
{
    $GLOBALS['wp_object_cache']->add_global_groups($groups);
}

function wp_cache_switch_to_blog($blog_id)
{
}

function wp_cache_close()
{
    return $GLOBALS['wp_object_cache']->close();
}
