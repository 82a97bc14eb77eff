internal import Foundation

/// OpenStack Swift with its S3 interface: a real object store that checks signatures, payload hashes, dates and regions
/// strictly. Four servers on one loopback address, with one copy of everything in a folder of their own.
///
/// It is in the virtual environment that Scripts/python-root makes.
package final class ObjectServer: Sendable {
    /// Where S3 is spoken.
    package let place: LoopbackPlace
    /// What stands behind the bucket in the name of a host.
    package static let domain = "s3.localhost"
    package static let region = "nyc3"
    /// How many entries a page of a listing has at most; S3 has 1,000.
    package static let pageLength = 20
    /// May do everything.
    package static let owner = (accessKeyID: "shop:owner", secret: "of-the-owner")
    /// Of the same account, without any permission.
    package static let stranger = (accessKeyID: "shop:stranger", secret: "of-the-stranger")

    private let directory: URL
    package let servers: [ServerProcess]

    /// Starts the servers, and returns when they answer.
    ///
    /// - Parameters:
    ///   - leastPart: How many bytes each part of an upload but the last must have; S3's own when it is not said.
    ///   - clockSkew: How many seconds the clocks of clients may be wrong.
    ///   - certify: Makes a certificate and its key (PEM) for an address; with it S3 is spoken over TLS.
    /// - Throws: `LoopbackError` with the command that installs it, when it is not there.
    package init(
        leastPart: Int = 5 << 20, clockSkew: Int = 900,
        certify: ((_ address: String) throws -> (certificate: String, key: String))? = nil
    ) throws {
        let programs = cacheFolder.appending(path: "python/openstack-swift/bin")
        guard FileManager.default.isExecutableFile(atPath: programs.appending(path: "swift-proxy-server").path) else {
            throw LoopbackError("OpenStack Swift is not in \(programs.path): Scripts/bootstrap test")
        }
        directory = FileManager.default.temporaryDirectory.appending(path: "breakwater-swift-\(UUID().uuidString)")
        for folder in ["devices/one", "cache"] {
            try FileManager.default.createDirectory(
                at: directory.appending(path: folder), withIntermediateDirectories: true)
        }
        let address = "\(LoopbackPlace.randomNetwork()).\(Int.random(in: 1...250))"
        var places: [String: LoopbackPlace] = [:]
        for kind in ["account", "container", "object", "proxy"] { places[kind] = try LoopbackPlace(address: address) }
        guard let proxy = places["proxy"] else { throw LoopbackError("no place for the proxy") }
        place = proxy
        try Self.write(Self.hashPath, to: "swift.conf", in: directory)
        for (kind, place) in places {
            let pipeline = kind == "proxy" ? Self.proxyPipeline(leastPart, clockSkew) : Self.storagePipeline(kind)
            var text = Self.settings(of: place, in: directory)
            if kind == "proxy", let certify {
                let pair = try certify(address)
                try Self.write(pair.certificate, to: "certificate.pem", in: directory)
                try Self.write(pair.key, to: "key.pem", in: directory)
                text += "cert_file = \(directory.path)/certificate.pem\nkey_file = \(directory.path)/key.pem\n"
            }
            text += pipeline
            try Self.write(text, to: "\(kind).conf", in: directory)
        }
        let rings = places.filter { $0.key != "proxy" }.map { "\($0.key)=\($0.value.port)" }
        _ = try output(
            of: [programs.appending(path: "python").path, "-c", Self.ringBuilder, directory.path, address] + rings)
        servers = try ["account", "container", "object", "proxy"].map { [directory] kind in
            try ServerProcess(
                [
                    programs.appending(path: "swift-\(kind)-server").path,
                    directory.appending(path: "\(kind).conf").path,
                ], log: directory.appending(path: "\(kind).log"))
        }
        for (server, kind) in zip(servers, ["account", "container", "object", "proxy"]) {
            try server.wait(for: "swift-\(kind)-server") { (try? places[kind]?.connectOverTCP()) != nil }
        }
    }

    /// Kills the servers and removes what they stored.
    package func stop() {
        for server in servers { server.stop() }
        try? FileManager.default.removeItem(at: directory)
    }

    /// Makes all that is listed, objects and unfinished uploads, as old as if it had been written in 2020. What is
    /// stored stays as it is.
    package func age() throws {
        let programs = cacheFolder.appending(path: "python/openstack-swift/bin")
        _ = try output(of: [programs.appending(path: "python").path, "-c", Self.ageing, directory.path])
    }

    private static func write(_ text: String, to name: String, in directory: URL) throws {
        try text.write(to: directory.appending(path: name), atomically: true, encoding: .utf8)
    }

    private static func settings(of place: LoopbackPlace, in directory: URL) -> String {
        """
        [DEFAULT]
        bind_ip = \(place.address)
        bind_port = \(place.port)
        workers = 0
        user = \(NSUserName())
        swift_dir = \(directory.path)
        devices = \(directory.path)/devices
        mount_check = false
        log_address = \(directory.path)/no-syslog
        log_level = ERROR
        recon_cache_path = \(directory.path)/cache
        disable_fallocate = true
        fallocate_reserve = 0

        """
    }

    private static let hashPath = """
        [swift-hash]
        swift_hash_path_prefix = breakwater
        swift_hash_path_suffix = tests
        [storage-policy:0]
        name = one
        default = yes

        """

    private static func storagePipeline(_ kind: String) -> String {
        """
        [pipeline:main]
        pipeline = \(kind)-server
        [app:\(kind)-server]
        use = egg:swift#\(kind)

        """
    }

    private static func proxyPipeline(_ leastPart: Int, _ clockSkew: Int) -> String {
        """
        [pipeline:main]
        pipeline = catch_errors gatekeeper proxy-logging listing_formats s3api tempauth copy slo dlo versioned_writes \
        symlink proxy-logging proxy-server
        [app:proxy-server]
        use = egg:swift#proxy
        account_autocreate = true
        [filter:catch_errors]
        use = egg:swift#catch_errors
        [filter:gatekeeper]
        use = egg:swift#gatekeeper
        [filter:proxy-logging]
        use = egg:swift#proxy_logging
        [filter:listing_formats]
        use = egg:swift#listing_formats
        [filter:s3api]
        use = egg:swift#s3api
        location = \(region)
        storage_domain = \(domain)
        max_bucket_listing = \(pageLength)
        min_segment_size = \(leastPart)
        allowable_clock_skew = \(clockSkew)
        [filter:tempauth]
        use = egg:swift#tempauth
        user_shop_owner = \(owner.secret) .admin
        user_shop_stranger = \(stranger.secret)
        [filter:copy]
        use = egg:swift#copy
        [filter:slo]
        use = egg:swift#slo
        [filter:dlo]
        use = egg:swift#dlo
        [filter:versioned_writes]
        use = egg:swift#versioned_writes
        allow_object_versioning = true
        [filter:symlink]
        use = egg:swift#symlink

        """
    }

    /// Listings come from a database for each container.
    private static let ageing = """
        import glob, sqlite3, sys
        for path in glob.glob(sys.argv[1] + "/devices/one/containers/**/*.db", recursive=True):
            with sqlite3.connect(path, timeout=30) as database:
                database.execute("DROP TRIGGER IF EXISTS object_update")
                database.execute("UPDATE object SET created_at = '1577836800.00000' WHERE deleted = 0")
        """

    /// Which server holds what: one device for everything.
    private static let ringBuilder = """
        import sys
        from swift.common.ring import RingBuilder
        directory, address = sys.argv[1:3]
        for kind, port in (argument.split("=") for argument in sys.argv[3:]):
            builder = RingBuilder(1, 1, 0)
            builder.add_dev({"id": 0, "region": 1, "zone": 1, "ip": address, "port": int(port), "device": "one",
                             "weight": 1, "meta": ""})
            builder.rebalance()
            builder.get_ring().save(f"{directory}/{kind}.ring.gz")
        """
}
