internal import Topology

/// Redis' ACL users. The file knows neither comments nor quotes; every line starts from a user who may do nothing.
enum AccessControl {
    static func users(_ secrets: RedisSecrets) -> String {
        var users = [
            ("default", secrets.app, application),
            ("app", secrets.app, application),
            ("sentinel", secrets.sentinel, sentinel),
            ("replica", secrets.replica, replica),
            ("breakwater", secrets.breakwater, breakwater),
        ]
        if let password = secrets.operator { users.append(("operator", password, settings)) }
        return users.map { name, password, rules in
            "user \(name) on >\(password.reveal()) \(rules)\n"
        }.joined()
    }

    /// Everything an application does, and of the commands Redis calls dangerous those it does all the same: the
    /// WordPress plugin reads INFO and sends FLUSHDB, Predis asks for the ROLE, shops use KEYS and SORT.
    private static let application =
        "~* &* +@all -@admin -@dangerous +info +role +keys +sort +sort_ro +flushdb"

    /// The list of Sentinel's documentation, with REPLICAOF for the day it stops saying SLAVEOF.
    /// <https://redis.io/docs/latest/operate/oss_and_stack/management/sentinel/>
    ///
    /// The last line is what `SENTINEL FAILOVER … COORDINATED` of Valkey 9 takes beyond that, as a server's ACL LOG
    /// tells. A Sentinel without these rights answers OK all the same, waits for its timeout and gives up.
    private static let sentinel =
        "&* -@all +multi +exec +ping +info +role +subscribe +publish +slaveof +replicaof +config|rewrite "
        + "+client|setname +client|kill +script|kill "
        + "+failover +client|pause +client|unpause"

    /// <https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/>
    private static let replica = "-@all +psync +replconf +ping"

    /// Changes the settings of a running node (a new certificate, the priority of `switchover --to`) and reads no data.
    /// On its own, since CONFIG SET cannot be granted for some settings alone, and `breakwater`'s password is on every
    /// web server.
    private static let settings = "-@all +ping +info +role +config|get +config|set +config|rewrite +acl|whoami"

    /// The application's rights, for the stale-cache guard deletes and the switchover writes a marker; and what it
    /// takes to watch, pause and re-point nodes.
    private static let breakwater =
        application + " +replicaof +slaveof +client +config|get +slowlog +latency +lastsave"
}
