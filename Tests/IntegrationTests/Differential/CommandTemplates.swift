/// The commands that sequences are made of, as templates.
///
/// `$k` is a key, `$v` a value, `$f` a field, `$m` a member, `$s` a score, `$i` a small number, `$n` a count, `$t` a
/// time to live, `$x` an entry of a stream, `$d` a database of the worker's own, `$c` a channel, `$p` a pattern, `$w` the worker's name.
enum CommandTemplates {
    /// Replies are compared byte for byte, and arguments may be spoilt.
    static let exact = lines(
        """
        PING
        PING $v
        ECHO $v
        GET $k
        SET $k $v
        SET $k $v NX
        SET $k $v XX
        SET $k $v GET
        SET $k $v XX GET
        SET $k $v EX $t
        SET $k $v KEEPTTL
        SETNX $k $v
        SETEX $k $t $v
        PSETEX $k 1000000 $v
        GETSET $k $v
        GETDEL $k
        GETEX $k EX $t
        GETEX $k PERSIST
        APPEND $k $v
        STRLEN $k
        INCR $k
        DECR $k
        INCRBY $k $i
        DECRBY $k $i
        INCRBYFLOAT $k 1.5
        SETRANGE $k $n $v
        GETRANGE $k $i $i
        SUBSTR $k 0 3
        LCS $k $k LEN
        MGET $k $k $k
        MSET $k $v $k $v
        MSETNX $k $v $k $v
        SETBIT $k $n 1
        GETBIT $k $n
        BITCOUNT $k
        BITPOS $k 1
        BITOP XOR $k $k $k
        BITFIELD $k SET u8 0 200 INCRBY i5 10 1
        BITFIELD_RO $k GET u8 0
        DEL $k
        DEL $k $k
        UNLINK $k
        EXISTS $k $k
        TYPE $k
        EXPIRE $k $t
        EXPIRE $k $t NX
        EXPIRE $k -1
        PEXPIRE $k 1000000
        EXPIREAT $k 4000000000
        PERSIST $k
        RENAME $k $k
        RENAMENX $k $k
        COPY $k $k REPLACE
        COPY $k $k DB $d
        MOVE $k $d
        TOUCH $k $k
        OBJECT ENCODING $k
        OBJECT REFCOUNT $k
        OBJECT FREQ $k
        OBJECT HELP
        LPUSH $k $v $v
        RPUSH $k $v $v
        LPUSHX $k $v
        RPUSHX $k $v
        LPOP $k
        RPOP $k $n
        LLEN $k
        LRANGE $k 0 -1
        LRANGE $k $i $i
        LINDEX $k $i
        LSET $k $i $v
        LINSERT $k BEFORE $v $v
        LREM $k 0 $v
        LTRIM $k 0 5
        LPOS $k $v
        LMOVE $k $k LEFT RIGHT
        RPOPLPUSH $k $k
        LMPOP 2 $k $k LEFT
        SADD $k $m $m $m
        SREM $k $m
        SCARD $k
        SISMEMBER $k $m
        SMISMEMBER $k $m $m
        SMOVE $k $k $m
        SINTERSTORE $k $k $k
        SUNIONSTORE $k $k $k
        SDIFFSTORE $k $k $k
        SINTERCARD 2 $k $k
        SORT $k ALPHA
        SORT $k BY nosort LIMIT 0 0
        SORT_RO $k ALPHA DESC
        HSET $k $f $v $f $v
        HSETNX $k $f $v
        HMSET $k $f $v
        HGET $k $f
        HMGET $k $f $f
        HDEL $k $f
        HLEN $k
        HEXISTS $k $f
        HSTRLEN $k $f
        HINCRBY $k $f $i
        HINCRBYFLOAT $k $f 0.5
        ZADD $k $s $m $s $m
        ZADD $k NX $s $m
        ZADD $k GT CH $s $m
        ZADD $k INCR $s $m
        ZINCRBY $k $s $m
        ZREM $k $m
        ZCARD $k
        ZCOUNT $k -inf +inf
        ZSCORE $k $m
        ZMSCORE $k $m $m
        ZRANK $k $m
        ZREVRANK $k $m
        ZRANGE $k 0 -1
        ZRANGE $k 0 -1 WITHSCORES
        ZRANGE $k -inf +inf BYSCORE LIMIT 0 2
        ZREVRANGE $k 0 2 WITHSCORES
        ZRANGEBYSCORE $k 0 (5
        ZRANGEBYLEX $k - +
        ZLEXCOUNT $k - +
        ZRANGESTORE $k $k 0 -1
        ZPOPMIN $k
        ZPOPMAX $k $n
        ZMPOP 1 $k MIN
        ZREMRANGEBYRANK $k 0 0
        ZREMRANGEBYSCORE $k 0 1
        ZUNIONSTORE $k 2 $k $k
        ZINTERSTORE $k 2 $k $k AGGREGATE MAX
        ZUNION 2 $k $k WITHSCORES
        ZDIFF 2 $k $k
        ZINTERCARD 2 $k $k
        GEOADD $k 13.361389 38.115556 $m 15.087269 37.502669 $m
        GEODIST $k $m $m km
        GEOPOS $k $m
        GEOHASH $k $m
        GEOSEARCH $k FROMLONLAT 15 37 BYRADIUS 200 km ASC
        PFADD $k $v $v
        PFCOUNT $k $k
        PFMERGE $k $k
        XADD $k $x $f $v
        XADD $k $x $f $v $f $v
        XADD $k NOMKSTREAM 9-9 $f $v
        XLEN $k
        XRANGE $k - +
        XREVRANGE $k + - COUNT 2
        XREAD COUNT 2 STREAMS $k 0-0
        XDEL $k 1-1
        XTRIM $k MAXLEN 3
        XGROUP CREATE $k group 0 MKSTREAM
        XGROUP DESTROY $k group
        XREADGROUP GROUP group consumer COUNT 1 STREAMS $k >
        XACK $k group 1-1
        XPENDING $k group
        XINFO STREAM $k
        XINFO GROUPS $k
        XSETID $k 100-1
        RESTORE $k 0 notadump
        CONFIG GET nosuchparameter
        CONFIG GET maxmemory
        ACL WHOAMI
        ACL CAT nosuchcategory
        CLUSTER INFO
        READONLY
        ASKING
        MODULE LIST
        DEBUG OBJECT $k
        PUBLISH $c $v
        SPUBLISH $c $v
        SCRIPT EXISTS ffffffffffffffffffffffffffffffffffffffff
        EVALSHA ffffffffffffffffffffffffffffffffffffffff 0
        WAIT 0 0
        NOSUCHCOMMAND $v
        nosuch
        """)

    /// Compared exactly, but never spoilt: with other arguments they would block, pick at random or touch what
    /// belongs to others.
    static let fixed = lines(
        """
        EVAL return(ARGV[1]) 0 $v
        EVAL return{1,2,{3,'four'},redis.status_reply('FINE')} 0
        EVAL return(redis.call('GET',KEYS[1])) 1 $k
        EVAL return(redis.call('SET',KEYS[1],ARGV[1])) 1 $k $v
        EVAL return(redis.call('NOSUCH')) 0
        EVAL return(redis.pcall('INCR',KEYS[1])) 1 $k
        EVAL return(redis.error_reply('CUSTOM')) 0
        EVAL syntax((error 0
        EVAL redis.setresp(3)return(redis.call('HGETALL',KEYS[1])['map']and(1)or(2)) 1 $k
        EVAL_RO return(redis.call('SET',KEYS[1],'x')) 1 $k
        EVAL redis.call('SELECT',ARGV[1])return(redis.call('SET',KEYS[1],'inscript')) 1 $k $d
        BLPOP $k $k 0.01
        BRPOP $k 0.01
        BLMOVE $k $k LEFT RIGHT 0.01
        BRPOPLPUSH $k $k 0.01
        BLMPOP 0.01 1 $k LEFT
        BZPOPMIN $k 0.01
        BZPOPMAX $k $k 0.01
        BZMPOP 0.01 1 $k MIN
        XREAD COUNT 1 BLOCK 5 STREAMS $k 0-0
        XREADGROUP GROUP group consumer BLOCK 5 STREAMS $k >
        WAIT 1 5
        COMMAND COUNT
        COMMAND GETKEYS SET $k $v
        COMMAND GETKEYS NOSUCH
        PUBSUB NUMSUB $c
        PUBSUB CHANNELS $w*
        PUBSUB NOSUCH
        CLIENT GETNAME
        CLIENT SETNAME $w
        CLIENT SETNAME
        CLIENT NOSUCH
        CLIENT HELP
        CLIENT REPLY NOSUCH
        CLIENT KILL 192.0.2.1:1
        CLIENT UNBLOCK 999999999
        CLIENT NO-EVICT NOSUCH
        CLIENT TRACKINGINFO
        CLIENT GETREDIR
        CLIENT CACHING YES
        SELECT $d
        SELECT 0
        SELECT 9999
        SELECT abc
        SELECT
        AUTH wrong
        AUTH nosuchuser wrong
        AUTH
        EXEC
        DISCARD
        UNWATCH
        UNSUBSCRIBE
        RESET
        """)

    static let unordered = lines(
        """
        SMEMBERS $k
        SINTER $k $k
        SUNION $k $k
        SDIFF $k $k
        SPOP $k 100000
        HGETALL $k
        HKEYS $k
        HVALS $k
        KEYS $p
        SCAN 0 MATCH $p COUNT 100000
        HSCAN $k 0 COUNT 100000
        SSCAN $k 0 COUNT 100000
        ZSCAN $k 0 COUNT 100000
        COMMAND INFO GET SET NOSUCH
        COMMAND DOCS GET
        COMMAND LIST FILTERBY PATTERN xa*
        ACL USERS
        """)

    static let near = lines(
        """
        TTL $k
        EXPIRETIME $k
        """)

    static let shape = lines(
        """
        PTTL $k
        PEXPIRETIME $k
        DUMP $k
        OBJECT IDLETIME $k
        MEMORY USAGE $k
        SRANDMEMBER $k
        SRANDMEMBER $k 3
        HRANDFIELD $k 2
        ZRANDMEMBER $k 2
        XINFO CONSUMERS $k group
        XPENDING $k group - + 10
        XAUTOCLAIM $k group consumer 0 0
        CLIENT ID
        TIME
        LASTSAVE
        """)

    static let any = lines(
        """
        INFO
        INFO server
        CLIENT LIST
        CLIENT INFO
        RANDOMKEY
        DBSIZE
        SLOWLOG LEN
        LATENCY LATEST
        PUBSUB NUMPAT
        """)

    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map(String.init)
    }
}
