/// The commands whose reads replicas may answer: those that only ever read keys. The sidecar's command table decides;
/// a test holds this list to it.
package enum ReadCommands {
    package static let names: Set<String> = [
        "BITCOUNT", "BITFIELD_RO", "BITPOS", "DIGEST", "DUMP", "EXISTS", "EXPIRETIME", "GEODIST", "GEOHASH", "GEOPOS",
        "GEORADIUSBYMEMBER_RO", "GEORADIUS_RO", "GEOSEARCH", "GET", "GETBIT", "GETRANGE", "HEXISTS", "HEXPIRETIME",
        "HGET", "HGETALL", "HKEYS", "HLEN", "HMGET", "HPEXPIRETIME", "HPTTL", "HRANDFIELD", "HSTRLEN", "HTTL",
        "HVALS", "LCS", "LINDEX", "LLEN", "LPOS", "LRANGE", "MGET", "OBJECT ENCODING", "OBJECT REFCOUNT",
        "PEXPIRETIME", "PFCOUNT", "PTTL", "SCARD", "SDIFF", "SINTER", "SINTERCARD", "SISMEMBER", "SMEMBERS",
        "SMISMEMBER", "SRANDMEMBER", "STRLEN", "SUBSTR", "SUNION", "TTL", "TYPE", "XINFO CONSUMERS", "XINFO GROUPS",
        "XINFO STREAM", "XLEN", "XPENDING", "XRANGE", "XREVRANGE", "ZCARD", "ZCOUNT", "ZDIFF", "ZINTER", "ZINTERCARD",
        "ZLEXCOUNT", "ZMSCORE", "ZRANDMEMBER", "ZRANGE", "ZRANGEBYLEX", "ZRANGEBYSCORE", "ZRANK", "ZREVRANGE",
        "ZREVRANGEBYLEX", "ZREVRANGEBYSCORE", "ZREVRANK", "ZSCORE", "ZUNION",
    ]
}

extension StringRule {
    /// In any case.
    static let readCommand = StringRule(
        expectation: "a command that only reads keys, such as GET or HGETALL",
        hint: "scripts, cursors (SCAN), transactions and all that writes or touches belong to the master"
    ) { text in
        ReadCommands.names.contains(text.uppercased())
    }
}
