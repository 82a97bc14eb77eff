extension MySQLTopology {
    init(reading section: SectionReader) {
        endpoint = section.text("endpoint", .hostPort)
        managed = section.value("managed") ?? (endpoint != nil)
        primary = section.text("primary", .label(63))
        replicas = section.list("replicas", .label(63)) ?? []
        database = section.value("database")
        user = section.value("user")
        password = section.value("password")
        ca = section.text("ca", .plainPath)
        tls = section.value("tls")
        section.finish()

        let path = section.path
        if managed, endpoint == nil {
            section.context.report(
                .mysqlNoServer, at: path, with: ["\(path).endpoint", "\(path).managed"],
                "a managed database needs its `endpoint`",
                hint: "host:port as DigitalOcean shows it; or `managed: false` and a `primary`")
        } else if !managed, primary == nil {
            section.context.report(
                .mysqlNoServer, at: path, with: ["\(path).primary", "\(path).managed", "\(path).endpoint"],
                "there is no database server: neither `endpoint` nor `primary` is given",
                hint: "`managed: true` with an `endpoint`, or `primary: db-1`")
        }
    }
}

extension BackupTopology {
    init(reading section: SectionReader) {
        schedule = section.text("schedule", .cron)
        timeZone = section.text("time_zone", .timeZone)
        section.require("to", hint: "at least one of s3://bucket/prefix or dir:/path")
        to = section.list("to", .bucket) ?? []
        recipients = section.list("recipients", .ageRecipient) ?? []
        pointInTime = section.value("point_in_time") ?? false
        verify = section.text("verify", .cron)
        keep = section.section("keep").map(Keep.init(reading:))
        schemaOnly = section.list("schema_only") ?? []
        files = section.section("files").map(Files.init(reading:))
        section.finish()
    }
}

extension BackupTopology.Keep {
    fileprivate init(reading section: SectionReader) {
        let counts = 0...10_000
        hourly = section.value("hourly", in: counts)
        daily = section.value("daily", in: counts)
        weekly = section.value("weekly", in: counts)
        monthly = section.value("monthly", in: counts)
        yearly = section.value("yearly", in: counts)
        section.finish()
    }
}

extension BackupTopology.Files {
    fileprivate init(reading section: SectionReader) {
        section.require("paths")
        paths = section.list("paths", .plainPath) ?? []
        exclude = section.list("exclude") ?? []
        section.finish()
    }
}
