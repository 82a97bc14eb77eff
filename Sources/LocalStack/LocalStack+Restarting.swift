internal import Logging
internal import Processes
internal import Topology

/// What happens when a process has ended.
extension LocalStack {
    func watchExits() async {
        await withDiscardingTaskGroup { group in
            for await exit in exits {
                options.logger.warning("\(exit)", metadata: ["log": "\(manifestLog(of: exit.name))"])
                try? note { _ in }
                if options.restartsProcesses { group.addTask { await self.restart(exit.name) } }
            }
        }
    }

    /// As the rendered units do: Sentinels, sidecars and the database always. Redis likewise if it has its data on disk; otherwise
    /// only once another node is the master, for an empty master would empty its replicas.
    private func restart(_ name: String) async {
        let isRedis = plan.members(.redis).contains { $0.name == name }
        do {
            let mustWait = isRedis && !plan.redis.automaticRestart
            repeat {
                // The pace of the units: Redis only after Sentinel had the time to replace it, for a replica has
                // writes that the disk may lack.
                try await Task.sleep(for: isRedis ? plan.redis.downAfter + .seconds(3) : .seconds(1))
                if !mustWait { break }
            } while await !hasOtherMaster(than: name)
            if supervisor.pid(of: name) == nil { try start(name) }
        } catch is CancellationError {
            return
        } catch {
            options.logger.error("\(name) cannot be started again: \(error)")
        }
    }

    private func hasOtherMaster(than name: String) async -> Bool {
        await master().map { $0 != name } ?? false
    }

    private func manifestLog(of name: String) -> String {
        plan.members.first { $0.name == name }?.log ?? ""
    }
}
