/// A production file with a database and a `backup` section of `lines`, each indented by two spaces, from line 21 on;
/// the database is in nyc3.
private func backupFile(_ lines: String..., mysql: String = "{ primary: d, database: shop, user: shop }") -> String {
    goodFile("regions: { primary: nyc3, standby: sfo3 }\nmysql: \(mysql)\nbackup:")
        + lines.map { "  \($0)\n" }.joined()
}

private let recipient = "recipients: [age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj]"
private let away = "to: [\"s3://shop-backups/mysql?region=sfo3\"]"

/// The sections `mysql` and `backup`.
let backupCases: [DiagnosticCase] = [
    DiagnosticCase("a backup", backupFile(away, recipient)),
    DiagnosticCase(
        "everything",
        backupFile(
            "to: [{ url: \"s3://b-1/x?region=nyc3\", access_key: env:A, secret_key: file:/s }]",
            "replicate_to: [\"s3://b-2?endpoint=https://sfo3.digitaloceanspaces.com\", dir:/var/backups]", recipient,
            "access_key: env:A", "secret_key: env:B", "schedule: \"*/15 0-6/2,22 1,15 jan-JUN mon-fri\"",
            "verify: \"0 5 * * 7\"", "time_zone: Europe/Berlin", "point_in_time: true", "keep: { last: 3, within: 2d }",
            "schema_only: [preset:woocommerce, \"*_log\"]", "exclude: [wp_old, \"tmp?\"]", "required: 1",
            "prune_access_key: env:C", "prune_secret_key: file:/p",
            "files: { paths: [/var/www/wp-content], exclude: [\"*.zip\"], password: file:/etc/files.password }",
            mysql: "{ primary: d, database: shop, user: shop, endpoint_file: /etc/db.php, "
                + "haproxy: { socket: /run/haproxy.sock, server: mysql/primary } }")),
    DiagnosticCase(
        "more stores required than there are", backupFile(away, recipient, "required: 2"),
        "23:13 error topology.out_of_range"),
    DiagnosticCase(
        "half a pair of keys to prune with", backupFile(away, recipient, "prune_access_key: env:A"),
        "20:1 error topology.missing_key"),
    DiagnosticCase(
        "a server of HAProxy that is a command",
        goodFile("mysql: { primary: d, haproxy: { socket: /s, server: \"a/b; shutdown\" } }"),
        "18:53 error topology.invalid_value"),
    DiagnosticCase(
        "files alone", goodFile("backup: { to: [dir:/b, \"s3://bbb?region=x\"], files: { paths: [/w] }, \(recipient) }")
    ),

    // The database.
    DiagnosticCase(
        "two servers", goodFile("mysql: { managed: true, endpoint: \"db.example:25060\", primary: d }"),
        "18:64 error mysql.two_servers"),
    DiagnosticCase(
        "a connection string", goodFile("mysql: { endpoint: \"mysql://u:hunter2@db.example:25060/x\" }"),
        "18:20 error topology.literal_secret"),
    DiagnosticCase(
        "a database in the open", goodFile("mysql: { primary: d, tls: preferred }"),
        "18:27 warning mysql.not_encrypted"),
    DiagnosticCase(
        "a database on loopback",
        localFile
            + "mysql: { primary: d, tls: off }\nhosts: { a: {}, b: {}, c: {}, d: { address: 127.0.0.1 } }\nredis: { nodes: [a, b, c], sentinels: [a, b, c] }\nweb: { nodes: [a] }\n"
    ),
    DiagnosticCase(
        "a strange TLS", goodFile("mysql: { primary: d, tls: verify_ca }"), "18:27 error topology.invalid_value"),

    // What is backed up.
    DiagnosticCase(
        "nothing to back up", goodFile("backup: { to: [dir:/b, \"s3://bbb?region=x\"], \(recipient) }"),
        "18:1 error backup.nothing"),
    DiagnosticCase(
        "a database without name", backupFile(away, recipient, mysql: "{ primary: d, user: shop }"),
        "19:1 error backup.incomplete_database"),
    DiagnosticCase(
        "a preset that is none", backupFile(away, recipient, "schema_only: [preset:woocomerce]"),
        "23:17 error topology.invalid_value"),
    DiagnosticCase(
        "tables that a plugin needs", backupFile(away, recipient, "exclude: [preset:woocommerce]"),
        "23:13 error topology.invalid_value"),
    DiagnosticCase(
        "orders left out", backupFile(away, recipient, "schema_only: [\"wp_wc_*\"]", "exclude: [wp_posts, a]"),
        "23:17 warning backup.drops_orders", "24:13 warning backup.drops_orders"),

    // Where to.
    DiagnosticCase("nowhere", backupFile(recipient), "20:1 error topology.missing_key"),
    DiagnosticCase("to no store", backupFile("to: []", recipient), "21:3 error backup.no_store"),
    DiagnosticCase(
        "a bucket without region", backupFile("to: [\"s3://shop-backups\"]", recipient),
        "21:8 error topology.invalid_value"),
    DiagnosticCase(
        "an unknown option", backupFile("to: [\"s3://shop-backups?regoin=sfo3\"]", recipient),
        "21:8 error topology.invalid_value"),
    DiagnosticCase(
        "keys in the open", backupFile("to: [\"s3://key:secret@shop-backups?region=sfo3\"]", recipient),
        "21:8 error topology.literal_secret"),
    DiagnosticCase(
        "half a pair of keys", backupFile("to: [{ url: \"s3://bbb?region=sfo3\", access_key: env:A }]", recipient),
        "21:8 error topology.missing_key"),
    DiagnosticCase(
        "one store twice", backupFile(away, "replicate_to: [\"s3://shop-backups/mysql/?region=sfo3\"]", recipient),
        "22:18 error backup.store_twice"),
    DiagnosticCase(
        "a store next to the database", backupFile("to: [\"s3://shop-backups?region=nyc3\"]", recipient),
        "21:8 warning backup.same_region"),
    DiagnosticCase(
        "a store next to the database and one elsewhere",
        backupFile("to: [\"s3://shop-backups?region=nyc3\"]", "replicate_to: [\"s3://bbb?region=sfo3\"]", recipient)),
    DiagnosticCase(
        "a directory", backupFile("to: [dir:/var/backups]", recipient), "21:8 warning backup.only_directories"),
    DiagnosticCase(
        "a store in the open", backupFile("to: [\"s3://bbb?endpoint=http://s3.example:9000&region=x\"]", recipient),
        "21:8 error backup.plain_http"),
    DiagnosticCase(
        "a store on loopback",
        backupFile("to: [\"s3://bbb?endpoint=http://127.0.0.1:9000&path_style=true&region=x\"]", recipient)),

    // For whom, for how long and when.
    DiagnosticCase("nobody", backupFile(away), "20:1 error backup.no_recipient"),
    DiagnosticCase("no one", backupFile(away, "recipients: []"), "20:1 error backup.no_recipient"),
    DiagnosticCase(
        "a recipient that is none", backupFile(away, "recipients: [age1qqq]"), "22:16 error topology.invalid_value"),
    DiagnosticCase(
        "a private key", backupFile(away, "recipients: [AGE-SECRET-KEY-1QQPQQQQ]"),
        "22:16 error topology.literal_secret"),
    DiagnosticCase("keep nothing", backupFile(away, recipient, "keep: {}"), "23:3 error backup.keep_empty"),
    DiagnosticCase(
        "keep none", backupFile(away, recipient, "keep: { daily: 0 }"), "23:3 error backup.keep_empty"),
    DiagnosticCase(
        "keep less than nothing", backupFile(away, recipient, "keep: { daily: -1 }"),
        "23:18 error topology.out_of_range"),
    DiagnosticCase(
        "backups that nobody tries", backupFile(away, recipient, "schedule: \"0 3 * * *\""),
        "23:13 warning backup.never_verified"),
    DiagnosticCase(
        "an hour that is none", backupFile(away, recipient, "verify: \"0 24 * * *\""),
        "23:11 error topology.invalid_value"),
    DiagnosticCase(
        "a day that never comes", backupFile(away, recipient, "verify: \"0 5 30 2 *\""),
        "23:11 error topology.invalid_value"),
    DiagnosticCase(
        "a time zone that is none", backupFile(away, recipient, "time_zone: Europe/Berln"),
        "23:14 error topology.invalid_value"),
]
