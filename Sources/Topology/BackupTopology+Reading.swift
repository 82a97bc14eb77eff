internal import Foundation

extension BackupTopology {
    /// `hasBucket` says that there is a store unless the section names one.
    init(reading section: SectionReader, hasBucket: Bool) {
        schedule = section.value("schedule")
        timeZone = section.value("time_zone", as: TimeZoneName.self)?.text ?? "UTC"
        // Keys of the section are those of every store that has none of its own.
        let keys = BackupStore.Credentials(reading: section) ?? .environment
        let pruning = BackupStore.Credentials(reading: section, "prune_")
        if !hasBucket { section.require("to", hint: "at least one of s3://bucket/prefix?region=… or dir:/path") }
        to = section.stores("to", keys, pruning)
        required = section.value("required", in: 1...max(1, to.count)) ?? max(1, to.count)
        replicateTo = section.stores("replicate_to", keys, pruning)
        recipients = section.list("recipients", of: AgeRecipientText.self)?.map(\.text) ?? []
        pointInTime = section.value("point_in_time") ?? false
        verify = section.value("verify")
        keep = section.section("keep").map(RetentionPolicy.init(reading:))
        schemaOnly = section.list("schema_only") ?? []
        exclude = section.list("exclude") ?? []
        files = section.section("files").map(Files.init(reading:))
        section.finish()

        for (index, rule) in exclude.enumerated() {
            guard case .preset(let preset) = rule else { continue }
            section.context.reject(
                "\(section.full("exclude"))[\(index)]", .invalidValue,
                "a preset names tables whose rows are not missed; without the tables the plugins fail",
                hint: "`schema_only: [preset:\(preset.rawValue)]`")
        }
    }
}

extension SectionReader {
    /// Stores, each written as its location alone, or as a section with keys of its own.
    fileprivate func stores(
        _ key: String, _ keys: BackupStore.Credentials, _ pruning: BackupStore.Credentials?
    ) -> [BackupStore] {
        entries(key, of: BackupLocation.self).compactMap { entry in
            switch entry {
            case .value(let location): return BackupStore(location, credentials: keys, pruning: pruning)
            case .section(let section):
                section.require("url")
                let location = section.value("url", as: BackupLocation.self)
                let credentials = BackupStore.Credentials(reading: section) ?? keys
                let own = BackupStore.Credentials(reading: section, "prune_") ?? pruning
                section.finish()
                return location.map { BackupStore($0, credentials: credentials, pruning: own) }
            }
        }
    }
}

extension BackupStore.Credentials {
    /// Nil when the section has none.
    fileprivate init?(reading section: SectionReader, _ prefix: String = "") {
        let (first, second) = ("\(prefix)access_key", "\(prefix)secret_key")
        // Half of one pair and half of another open nothing.
        if section.has(first) != section.has(second) {
            section.require(first, hint: "an access key and its secret key go together")
            section.require(second, hint: "an access key and its secret key go together")
        }
        let access = section.value(first, as: SecretReference.self)
        let secret = section.value(second, as: SecretReference.self)
        guard let access, let secret else { return nil }
        self.init(accessKey: access, secretKey: secret)
    }
}

extension RetentionPolicy {
    fileprivate init(reading section: SectionReader) {
        let counts = 0...10_000
        self.init(
            last: section.value("last", in: counts) ?? 0, hourly: section.value("hourly", in: counts) ?? 0,
            daily: section.value("daily", in: counts) ?? 0, weekly: section.value("weekly", in: counts) ?? 0,
            monthly: section.value("monthly", in: counts) ?? 0, yearly: section.value("yearly", in: counts) ?? 0,
            within: section.value("within") ?? .zero)
        section.finish()
    }
}

extension BackupTopology.Files {
    fileprivate init(reading section: SectionReader) {
        section.require("paths")
        paths = section.list("paths", .plainPath) ?? []
        exclude = section.list("exclude") ?? []
        password = section.value("password")
        section.finish()
    }
}

/// A name of the time zone database.
private struct TimeZoneName: TopologyScalar {
    var text: String

    static var expectation: String { "a time zone such as Europe/Berlin or UTC" }
    init(scalar text: String) throws(UnusableScalar) {
        guard TimeZone(identifier: text) != nil else {
            let near = nearest(to: text, among: TimeZone.knownTimeZoneIdentifiers.sorted())
            throw Self.refused(text, hint: near.map { "did you mean `\($0)`?" })
        }
        self.text = text
    }
    var topologyText: String { text }
}

/// `age1…`: 32 bytes in Bech32. A slip of the keyboard is found by its checksum, where it is used; what is no such key
/// at all, here.
private struct AgeRecipientText: TopologyScalar, Hashable {
    var text: String

    static var expectation: String { "an age recipient: age1 and 58 letters and digits" }
    init(scalar text: String) throws(UnusableScalar) {
        guard !text.uppercased().hasPrefix("AGE-SECRET-KEY-") else {
            throw UnusableScalar(
                code: .literalSecret,
                message: "is a private key, which opens every backup; here belongs its public key",
                hint: "`age-keygen -y FILE` prints it: age1…; and make a new key, for this one has been written down")
        }
        guard let data = text.dropping(prefix: "age1"), data.utf8.count == 58,
            data.utf8.allSatisfy("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8.contains)
        else { throw Self.refused(text, hint: "`age-keygen` prints one") }
        self.text = text
    }
    var topologyText: String { text }
}
