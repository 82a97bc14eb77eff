internal import Foundation
internal import Glibc
internal import Logging
internal import Processes
internal import RESP
internal import RedisClient
internal import Synchronization
internal import Topology

/// New certificates for a store that runs.
extension LocalStack {
    /// Looks once an hour whether certificates are due.
    func keepCertificatesFresh() async {
        guard plan.needsCertificates else { return }
        while true {
            do {
                try await Task.sleep(for: .seconds(3_600))
                try await renewCertificates(all: false)
            } catch is CancellationError {
                return
            } catch {
                options.logger.error("certificates could not be renewed: \(error)")
            }
        }
    }

    /// Gives every host (or those whose certificate is due) a new certificate and has the processes use it: Redis
    /// and the sidecars read theirs again, Sentinels are started again one after the other. No connection of a client
    /// is closed. Does nothing while another renewal is under way.
    package func renewCertificates(all: Bool = true) async throws {
        guard plan.needsCertificates,
            renewal.withLock({
                let free = !$0; $0 = true; return free
            })
        else { return }
        defer { renewal.withLock { $0 = false } }
        let certificates = LocalCertificates(state)
        guard try certificates.refresh(for: topology, all: all) else { return }
        options.logger.notice("new certificates are in use")
        if let tls {
            tls.update(try LocalCertificates.settings(certificates.own))
            for node in plan.members(.redis) where supervisor.pid(of: node.name) != nil {
                try await reload(node)
            }
        }
        for sidecar in plan.members(.sidecar) { supervisor.signal(sidecar.name, SIGHUP) }
        guard tls != nil else { return }
        for sentinel in plan.members(.sentinel) where supervisor.pid(of: sentinel.name) != nil {
            try await restart(sentinel: sentinel)
        }
    }

    /// Redis reads the files again when it is told their names, also when those are the same (config.c,
    /// VOLATILE_CONFIG). Certificate and key must change in one command.
    private func reload(_ node: StackPlan.Member) async throws {
        let files = LocalCertificates.files(of: node.name, state)
        var options = RedisConnection.Options()
        options.credentials = operatorCredentials
        options.tls = tls
        let connection = try await RedisConnection.connect(to: .tcp(node.endpoint), options: options)
        defer { connection.abandon() }
        let reply = try await connection.send([
            "CONFIG", "SET", "tls-cert-file", files.certificate, "tls-key-file", files.key, "tls-ca-cert-file",
            files.ca,
        ])
        if let error = reply.errorMessage {
            throw StackError("certificates_refused", "\(node.name) does not take its new certificate", cause: error)
        }
    }

    /// Sentinel has no command for it. One at a time, so that there is always a majority.
    private func restart(sentinel: StackPlan.Member) async throws {
        supervisor.signal(sentinel.name, SIGTERM)
        await supervisor.ended(sentinel.name)
        // When the stack restarts what ends, that may come first.
        if supervisor.pid(of: sentinel.name) == nil { try start(sentinel.name) }
        try await sentinelsReady()
    }
}
