<?php
/*
 * One client of a drill: a PHP process that behaves like a store's page requests.
 *
 * Each page opens a new connection (connect, AUTH, SELECT), reads what the page before wrote, writes, reads back,
 * counts and appends, and closes. Every operation becomes one line on standard output:
 *
 *     started_ns TAB ended_ns TAB operation TAB page TAB outcome TAB result TAB detail
 *
 * Times are CLOCK_MONOTONIC in nanoseconds, so they compare with those of the drill that started this process.
 * Outcomes: ok, refused (the server answered with an error: not executed), broken (sent, no answer: open),
 * unconnected (never sent). The result is a number, "-" for a missing value and "?" for a reply that belongs to
 * somebody else.
 *
 * The settings come as one line of JSON on standard input, so that no password is ever an argument. The end of
 * standard input ends the loop: a drill that dies leaves no client behind.
 */

error_reporting(E_ALL & ~E_DEPRECATED);
ini_set('display_errors', 'stderr');

/** The server answered with an error, so the command was not executed. */
final class Refused extends Exception
{
}

/** The connection broke or the answer did not come: whether the command was executed is open. */
final class Broken extends Exception
{
}

/** It broke before the command that decides was sent: nothing was executed. */
final class Unsent extends Exception
{
}

/** phpredis, the C extension that most stores run. It knows no Sentinel. */
final class PhpredisClient
{
    private Redis $redis;

    public function __construct(private array $settings)
    {
        $this->redis = new Redis();
    }

    public function connect(): void
    {
        $route = $this->settings['route'];
        $unix = $route['kind'] === 'unix';
        try {
            $this->redis->connect(
                $unix ? $route['path'] : $route['host'],
                $unix ? -1 : $route['port'],
                $this->settings['connect_timeout_ms'] / 1000,
                null,
                0,
                $this->settings['read_timeout_ms'] / 1000
            );
            if (isset($this->settings['password'])) {
                $user = $this->settings['username'] ?? null;
                $password = $this->settings['password'];
                $this->answered($this->redis->auth($user === null ? $password : [$user, $password]));
            }
            if ($this->settings['database'] !== 0) {
                $this->answered($this->redis->select($this->settings['database']));
            }
        } catch (RedisException $error) {
            throw self::translated($error);
        }
    }

    /** Sends one command and returns its reply: a string, an integer, true for +OK, or null. */
    public function send(string $command, string ...$arguments): mixed
    {
        try {
            $this->redis->clearLastError();
            $reply = $this->redis->rawCommand($command, ...$arguments);
        } catch (RedisException $error) {
            throw self::translated($error);
        }
        // phpredis turns an answer "-ERR ..." into a silent false.
        return $this->answered($reply);
    }

    public function close(): void
    {
        try {
            $this->redis->close();
        } catch (RedisException) {
        }
    }

    private function answered(mixed $reply): mixed
    {
        $error = $this->redis->getLastError();
        if ($reply === false && $error !== null) {
            throw new Refused($error);
        }
        return $reply === false ? null : $reply;
    }

    /** Error replies other than -ERR are thrown with the server's text, which begins with a word in capitals. */
    private static function translated(RedisException $error): Exception
    {
        $text = $error->getMessage();
        return preg_match('/^-?[A-Z]{3,}\b/', $text) ? new Refused($text) : new Broken($text);
    }
}

/** Predis, pure PHP: one address like phpredis, or its own Sentinel support as the tutorials set it up. */
final class PredisClient
{
    private Predis\Client $client;

    public function __construct(array $settings)
    {
        $route = $settings['route'];
        $account = array_filter(
            ['username' => $settings['username'] ?? null, 'password' => $settings['password'] ?? null],
            fn ($value) => $value !== null
        );
        $account['database'] = $settings['database'];
        if ($route['kind'] === 'sentinel') {
            // The WordPress plugin passes no timeouts here: Predis runs with its own.
            $this->client = new Predis\Client(
                array_map(fn ($address) => "tcp://$address", $route['sentinels']),
                ['replication' => 'sentinel', 'service' => $route['service'], 'parameters' => $account]
            );
            return;
        }
        $this->client = new Predis\Client($account + [
            'scheme' => $route['kind'],
            'host' => $route['host'] ?? null,
            'port' => $route['port'] ?? null,
            'path' => $route['path'] ?? null,
            'timeout' => $settings['connect_timeout_ms'] / 1000,
            'read_write_timeout' => $settings['read_timeout_ms'] / 1000,
        ]);
    }

    public function connect(): void
    {
        try {
            $this->client->connect();
        } catch (Predis\PredisException $error) {
            throw new Broken($error->getMessage());
        }
    }

    public function send(string $command, string ...$arguments): mixed
    {
        try {
            // Not executeRaw(): it would bypass the Sentinel support's choice between master and replica.
            $reply = $this->client->executeCommand($this->client->createCommand($command, $arguments));
        } catch (Predis\Response\ServerException $error) {
            throw new Refused($error->getMessage());
        } catch (Predis\PredisException $error) {
            throw new Broken($error->getMessage());
        }
        return $reply instanceof Predis\Response\Status ? (string) $reply === 'OK' : $reply;
    }

    public function close(): void
    {
        try {
            $this->client->disconnect();
        } catch (Predis\PredisException) {
        }
    }
}

/** The keys and values of one client. The checker derives the same ones. */
final class Keys
{
    public function __construct(private string $owner)
    {
    }

    /** Written once for each page: "set" keys are declared idempotent in the drill's topology. */
    public function page(int $page): string
    {
        return "drill:set:{$this->owner}:$page";
    }

    /** Overwritten by every page. */
    public function current(): string
    {
        return "drill:set:{$this->owner}:current";
    }

    public function counter(): string
    {
        return "drill:counter:{$this->owner}";
    }

    public function log(): string
    {
        return "drill:log:{$this->owner}";
    }

    /** Both change in every transaction, or neither. */
    public function orders(): string
    {
        return "drill:orders:{$this->owner}";
    }

    public function orderCount(): string
    {
        return "drill:order-count:{$this->owner}";
    }

    /** Names its writer and page, and is padded to sizes like those of an object cache (64 B to 16 KB). */
    public function value(int $page, int $size): string
    {
        return str_pad("{$this->owner}:$page:", $size, chr(97 + $page % 26));
    }

    /** The page that wrote `$value`, "-" when it is missing, "?" when it is not one of this client's values. */
    public function pageOf(mixed $value, callable $size): string
    {
        if ($value === null) {
            return '-';
        }
        if (!is_string($value) || !str_starts_with($value, "{$this->owner}:")) {
            return '?';
        }
        $page = (int) substr($value, strlen($this->owner) + 1);
        return $value === $this->value($page, $size($page)) ? (string) $page : '?';
    }
}

/** Runs one operation, writes its line, and says whether the page may go on. */
function operation(string $name, int $page, callable $body): bool
{
    $detail = '';
    $result = '';
    $started = hrtime(true);
    try {
        $result = $body();
        $outcome = 'ok';
    } catch (Refused $error) {
        $outcome = 'refused';
        $detail = $error->getMessage();
    } catch (Unsent $error) {
        $outcome = 'unconnected';
        $detail = $error->getMessage();
    } catch (Broken $error) {
        $outcome = $name === 'connect' ? 'unconnected' : 'broken';
        $detail = $error->getMessage();
    }
    $ended = hrtime(true);
    $detail = substr(preg_replace('/[\x00-\x1f]+/', ' ', $detail), 0, 200);
    fwrite(STDOUT, "$started\t$ended\t$name\t$page\t$outcome\t$result\t$detail\n");
    return $outcome === 'ok';
}

/** Raises the count of orders and adds one, both or neither. */
function transaction(object $client, Keys $keys, int $page): string
{
    try {
        $client->send('MULTI');
        $client->send('INCR', $keys->orderCount());
        $client->send('RPUSH', $keys->orders(), (string) $page);
    } catch (Broken $error) {
        throw new Unsent($error->getMessage());
    }
    $replies = $client->send('EXEC');
    if ($replies === null) {
        throw new Refused('EXEC was answered with null');
    }
    return is_array($replies) && count($replies) === 2 && is_int($replies[0]) && is_int($replies[1]) ? '' : '?';
}

function page(object $client, Keys $keys, int $page): void
{
    $small = fn (int $page): int => 64 + ($page * 37) % 960;
    $large = fn (int $page): int => 64 << ($page % 9);
    $stored = fn (mixed $reply): string => $reply === true ? '' : '?';
    $number = fn (mixed $reply): string => is_int($reply) ? (string) $reply : '?';

    // After an exception a store's page shows an error and ends, so an operation that fails ends the page.
    operation('connect', $page, function () use ($client) {
        $client->connect();
        return '';
    })
    && ($page === 1 || operation('recall', $page - 1, fn () => $keys->pageOf(
        $client->send('GET', $keys->page($page - 1)),
        $small
    )))
    && operation('set', $page, fn () => $stored(
        $client->send('SET', $keys->page($page), $keys->value($page, $small($page)))
    ))
    && operation('put', $page, fn () => $stored(
        $client->send('SET', $keys->current(), $keys->value($page, $large($page)))
    ))
    && operation('get', $page, fn () => $keys->pageOf($client->send('GET', $keys->current()), $large))
    && operation('increment', $page, fn () => $number($client->send('INCR', $keys->counter())))
    && operation('append', $page, fn () => $number($client->send('RPUSH', $keys->log(), (string) $page)))
    && operation('transact', $page, fn () => transaction($client, $keys, $page));
    $client->close();
}

$settings = json_decode((string) fgets(STDIN), true, 8, JSON_THROW_ON_ERROR);
if ($settings['client'] === 'predis') {
    // Debian's php-predis; a Composer project would have its own autoloader.
    require 'Predis/autoload.php';
} elseif (!class_exists(Redis::class)) {
    fwrite(STDERR, "the redis extension of PHP is not installed\n");
    exit(1);
}

stream_set_blocking(STDIN, false);
$keys = new Keys($settings['owner']);
for ($page = 1; ; $page++) {
    $client = $settings['client'] === 'predis' ? new PredisClient($settings) : new PhpredisClient($settings);
    page($client, $keys, $page);
    // The pause between two pages; the end of standard input ends it early.
    $read = [STDIN];
    $write = $except = null;
    $pause = $settings['pause_ms'] * 1000;
    if (stream_select($read, $write, $except, intdiv($pause, 1000000), $pause % 1000000) > 0 && fgets(STDIN) === false) {
        break;
    }
}
