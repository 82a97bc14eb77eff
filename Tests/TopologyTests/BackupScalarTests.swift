import Testing

@testable import Topology

struct BackupScalarTests {
    @Test func whatADatabasesAddressSays() throws {
        let full = try MySQLAddress("mysql://shop%40x@[fd00::1]:3307/my%20shop?tls=verify-full&ca=/etc/ca.pem")
        #expect(full.user == "shop@x")
        #expect(full.host == "fd00::1")
        #expect(full.port == 3_307)
        #expect(full.database == "my shop")
        #expect(full.tls == .verifyFull)
        #expect(full.ca == "/etc/ca.pem")
        let short = try MySQLAddress("mysql://db.example/shop")
        #expect(short.port == 3_306)
        #expect(short.user == nil)
        #expect(short.effectiveTLS == .required)
        #expect(try MySQLAddress("mysql://[fd00::1]/shop").port == 3_306)
        #expect(try MySQLAddress("mysql://127.0.0.1").effectiveTLS == .preferred)
        #expect(try MySQLAddress("mysql://localhost/shop?socket=/run/mysqld/mysqld.sock").isLocal)
        #expect(try MySQLAddress("mysql://db.example?ca=/ca.pem").effectiveTLS == .verifyCA)
    }

    @Test(arguments: [
        "", "mysql:", "mysql://", "mysql://@h/x", "mysql://h:0/x", "mysql://h:port/x", "postgres://h/x",
        "mysql://h/x?tls=maybe", "mysql://h/x?ca=ca.pem", "mysql://h/x?sll=off", "mysql://h/x?tls=off&tls=off",
        "mysql://h/%zz", "mysql://h/%0a", "mysql://h/%ff", "mysql://h/x?tls", "mysql://fd00::1/x",
    ])
    func whatIsNoAddress(_ text: String) {
        #expect(throws: UnusableOption.self) { try MySQLAddress(text) }
    }

    @Test func aPasswordInAnAddressIsRefusedAndNotRepeated() throws {
        let error = try #require(throws: UnusableOption.self) { try MySQLAddress("mysql://u:hunter2@h/x") }
        #expect(!"\(error)\(error.hint ?? "")".contains("hunter2"))
        let message = try #require(
            diagnostic(
                "topology.literal_secret", in: localFile + "mysql: { endpoint: \"mysql://u:hunter2@h:1/x\" }\n"))
        #expect(!"\(message.message)\(message.hint ?? "")".contains("hunter2"))
        let key = try #require(throws: UnusableOption.self) { try BackupLocation("ftp://u:hunter2@h/x") }
        #expect(!"\(key)\(key.hint ?? "")".contains("hunter2"))
    }

    @Test(arguments: [
        ("s3://shop-backups/mysql?region=sfo3", "https://sfo3.digitaloceanspaces.com", "sfo3", "mysql", nil),
        (
            "s3://b.c/a/b/?endpoint=https://nyc3.digitaloceanspaces.com", "https://nyc3.digitaloceanspaces.com", "nyc3",
            "a/b", nil
        ),
        ("s3://bbb?endpoint=http://127.0.0.1:8080/&path_style=true", "http://127.0.0.1:8080", "us-east-1", "", true),
    ])
    func buckets(_ text: String, _ endpoint: String, _ region: String, _ prefix: String, _ pathStyle: Bool?) throws {
        guard case .s3(let bucket) = try BackupLocation(text) else { throw UnusableOption("directory") }
        #expect(bucket.endpoint == endpoint)
        #expect(bucket.region == region)
        #expect(bucket.prefix == prefix)
        #expect(bucket.pathStyle == pathStyle)
    }

    @Test(arguments: [
        "", "s3://", "s3://ab?region=x", "s3://UPPER?region=x", "s3://under_score?region=x", "s3://bbb",
        "s3://bbb/a//b?region=x", "s3://bbb/../b?region=x", "s3://bbb?endpoint=s3.example", "s3://bbb?region=Nyc3",
        "s3://bbb?region=nyc3&endpoint=https://sfo3.digitaloceanspaces.com", "s3://bbb?region=x&path_style=perhaps",
        "s3://user@bbb?region=x", "dir:", "dir:backups", "dir:/a/../b", "file:///backups",
        "s3://bbb?endpoint=https://s3.example/path", "s3://bbb?region=x&ca=ca.pem", "s3://key:secret@bbb?region=x",
    ])
    func whatIsNoStore(_ text: String) {
        #expect(throws: UnusableOption.self) { try BackupLocation(text) }
    }

    @Test func directoriesAreComparedWithoutTheirSlashes() throws {
        #expect(try BackupLocation("dir:/var/backups/") == BackupLocation("dir:/var/backups"))
        #expect(try BackupLocation("dir:/") == .directory("/"))
    }

    @Test func fieldsOfSchedules() throws {
        let schedule = try CronSchedule(scalar: "*/20 1-5/2,22 1,31 feb,Dec 5-7")
        #expect(schedule.minutes == [0, 20, 40])
        #expect(schedule.hours == [1, 3, 5, 22])
        #expect(schedule.days == [1, 31])
        #expect(schedule.months == [2, 12])
        #expect(schedule.weekdays == [5, 6, 0])
        #expect(schedule.eitherDay)
        #expect(try !CronSchedule(scalar: "0 0 * * mon").eitherDay)
    }

    @Test(arguments: [
        "", "0 3 * *", "0 3 * * * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "* * 32 * *", "* * * 13 *", "* * * * 8",
        "5/10 * * * *", "*/0 * * * *", "5-1 * * * *", "1,,2 * * * *", "1-2-3 * * * *", "* * * fev *", "@daily",
        "0 0 31 2,4 *", "-1 * * * *", "* * * * */2/2", "٣ * * * *",
    ])
    func whatIsNoSchedule(_ text: String) {
        #expect(throws: UnusableScalar.self) { try CronSchedule(scalar: text) }
    }

    @Test(arguments: [
        ("wp_posts", "wp_posts", true), ("wp_posts", "wp_post", false), ("wp_posts", "wp_posts2", false),
        ("*", "", true), ("*_log", "wp_a_log", true), ("*_log", "_log", true), ("*_log", "wp_log2", false),
        ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZ", false), ("t?p", "tüp", true), ("t?p", "tp", false),
        ("a.b", "aXb", false), ("**a**", "a", true), ("Log", "log", false),
    ])
    func patterns(_ pattern: String, _ name: String, _ matches: Bool) {
        #expect(TablePattern(pattern).matches(name) == matches)
    }

    /// A naive matcher would take longer than anybody waits.
    @Test func aHostilePatternIsAnswered() {
        let pattern = TablePattern(String(repeating: "a*", count: 120) + "b")
        #expect(!pattern.matches(String(repeating: "a", count: 2_000)))
    }

    @Test func thePresetKnowsWhatMayBeLost() {
        let preset = TableRule.preset(.woocommerce)
        for table in ["wp_woocommerce_sessions", "shop_2_woocommerce_sessions", "wp_actionscheduler_logs"] {
            #expect(preset.matches(table), "\(table)")
        }
        for table in [
            "wp_posts", "wp_wc_orders", "wp_actionscheduler_actions", "wp_woocommerce_order_items",
            "wp_wc_product_download_log", "wp_wc_order_stats", "wp_wc_product_meta_lookup",
        ] {
            #expect(!preset.matches(table), "\(table)")
        }
    }
}

extension UnusableOption {
    fileprivate init(_ text: String) {
        self.init(UnusableScalar(message: text))
    }
}
