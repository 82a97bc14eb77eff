extension Rules {
    func check(_ mysql: MySQLTopology) {
        guard let tls = mysql.tls, [.preferred, .off].contains(tls), let server = topology.database, !server.isLocal
        else { return }
        context.report(
            .mysqlNotEncrypted, as: .warning, at: "mysql.tls", with: ["mysql.endpoint", "mysql.primary"],
            "`tls: \(tls.rawValue)` lets customers' data and password hashes cross the network in the open",
            hint: "`required`, or better `verify-ca` with the `ca` that the provider shows")
    }

    func check(_ backup: BackupTopology) {
        checkSource(backup)
        checkStores(backup)
        if backup.recipients.isEmpty, !topology.hasLocalDatabase {
            context.report(
                .backupNoRecipient, at: "backup", with: ["backup.recipients"],
                "nobody could decrypt the backups, so none are made: there is no recipient",
                hint: "`age-keygen -o key.txt` makes a key pair; its public key belongs in `recipients`, the file to a "
                    + "safe place that is not one of these machines")
        }
        if let keep = backup.keep, keep.isEmpty {
            context.report(
                .backupKeepEmpty, at: "backup.keep", "this policy keeps nothing",
                hint: "`keep: { daily: 14, weekly: 8, monthly: 12 }`; without `keep` nothing is ever deleted")
        }
        if backup.schedule != nil, backup.verify == nil {
            context.report(
                .backupNeverVerified, as: .warning, at: "backup.schedule", with: ["backup.verify"],
                "backups are made, but never restored to see whether they can be", hint: "`verify: \"0 5 * * 0\"`")
        }
        checkRows(backup.schemaOnly, at: "backup.schema_only", "the rows of")
        checkRows(backup.exclude, at: "backup.exclude", "")
    }

    private func checkSource(_ backup: BackupTopology) {
        guard let mysql = topology.mysql else {
            if backup.files == nil {
                context.report(
                    .backupNothing, at: "backup", with: ["mysql", "backup.files"],
                    "there is nothing to back up: neither a `mysql` section nor `backup.files`")
            }
            return
        }
        let missing = [("database", mysql.database), ("user", mysql.user)].filter { $0.1 == nil }.map { "`\($0.0)`" }
        if !missing.isEmpty {
            context.report(
                .backupIncompleteDatabase, at: "mysql", with: ["mysql.database", "mysql.user"],
                "backups need \(missing.joined(separator: " and ")) of the database")
        }
    }

    private func checkStores(_ backup: BackupTopology) {
        var places: [(path: String, location: BackupLocation)] = []
        for (key, stores) in [("to", backup.to), ("replicate_to", backup.replicateTo)] {
            places += stores.enumerated().map { ("backup.\(key)[\($0.offset)]", $0.element.location) }
        }
        if backup.to.isEmpty, !topology.hasLocalDatabase {
            context.report(
                .backupNoStore, at: "backup.to", "there is no store to back up to",
                hint: "at least one of s3://bucket/prefix?region=… or dir:/path")
        }
        for (index, place) in places.enumerated() {
            if places[..<index].contains(where: { $0.location == place.location }) {
                context.report(
                    .backupStoreTwice, at: place.path, "this store is named twice",
                    hint: "two copies in one place are lost together")
            }
            if case .s3(let bucket) = place.location, bucket.isPlainHTTP {
                context.report(
                    .backupPlainHTTP, at: place.path,
                    "\(bucket.endpoint) is not encrypted: backups are, but not their names, sizes and the list of them",
                    hint: "use https")
            }
        }
        checkDistance(places)
    }

    /// Whether one copy is elsewhere when the region of the database is lost.
    private func checkDistance(_ places: [(path: String, location: BackupLocation)]) {
        guard topology.provider != .local, let first = places.first else { return }
        let regions = places.compactMap(\.location.region)
        let others = ["backup.to", "backup.replicate_to"]
        if regions.isEmpty {
            context.report(
                .backupOnlyDirectories, as: .warning, at: first.path, with: others,
                "backups are kept in directories alone, which are lost with their machine",
                hint: "add a bucket in another region")
        } else if let home = databaseRegion, regions.allSatisfy({ $0 == home }) {
            context.report(
                .backupSameRegion, as: .warning, at: first.path, with: others + ["regions"],
                "every store is in \(home), where the database is: the loss of the region takes both",
                hint: "use a bucket in another region, or add one under `replicate_to`")
        }
    }

    private var databaseRegion: String? {
        topology.mysql?.primary.flatMap { topology.host($0)?.region } ?? topology.regions?.primary
    }

    /// Tables that hold orders and what belongs to them, after WordPress' prefix.
    private static let orderTables = [
        "posts", "postmeta", "comments", "commentmeta", "users", "usermeta", "options", "wc_orders", "wc_orders_meta",
        "wc_order_addresses", "wc_order_operational_data", "woocommerce_order_items", "woocommerce_order_itemmeta",
    ]

    private func checkRows(_ rules: [TableRule], at path: String, _ what: String) {
        for (index, rule) in rules.enumerated() {
            guard let table = Self.orderTables.map({ "wp_\($0)" }).first(where: rule.matches) else { continue }
            context.report(
                .backupDropsOrders, as: .warning, at: "\(path)[\(index)]",
                "\(quoted(rule.description)) leaves out \(what.isEmpty ? "" : what + " ")\(quoted(table)), without "
                    + "which a restored shop has lost orders, customers or settings",
                hint: "name the tables that may be lost one by one")
        }
    }
}
