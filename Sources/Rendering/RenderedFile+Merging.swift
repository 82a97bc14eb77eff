extension RenderedFile {
    /// The file to start a server with, given the copy it ran with before (`nil` when there is none): every setting
    /// comes from this rendering; what the server learned comes from the running copy.
    ///
    /// On machines the same merge is done by the scripts of the `systemd` target; a test holds the two together.
    package func merged(withRunning running: String?) -> String {
        guard let running else { return contents }
        return switch kind {
        case .plain: contents
        case .redisConfiguration: mergedRedis(running)
        case .sentinelConfiguration: mergedSentinel(running)
        }
    }

    /// Redis learns its role: a running copy without `replicaof` belongs to a master.
    private func mergedRedis(_ running: String) -> String {
        let kept = contents.lines.filter { $0.words.first != "replicaof" }
        let learned = running.lines.filter { $0.words.first == "replicaof" }
        return (kept + learned).joined()
    }

    /// Sentinel learns its id, epochs, peers, replicas, and which node is the master.
    private func mergedSentinel(_ running: String) -> String {
        let learnedDirectives: Set<Substring> = [
            "myid", "current-epoch", "config-epoch", "leader-epoch", "known-replica", "known-sentinel",
        ]
        var masters: [Substring: [Substring]] = [:]
        var learned: [String] = []
        for line in running.lines {
            let words = line.words
            guard words.count >= 3, words[0] == "sentinel" else { continue }
            if words[1] == "monitor", words.count == 6 { masters[words[2]] = Array(words[3...4]) }
            if learnedDirectives.contains(words[1]) { learned.append(line) }
        }
        let kept = contents.lines.map { line in
            let words = line.words
            guard words.count == 6, words[0] == "sentinel", words[1] == "monitor", let master = masters[words[2]] else {
                return line
            }
            return "sentinel monitor \(words[2]) \(master[0]) \(master[1]) \(words[5])\n"
        }
        return (kept + learned).joined()
    }
}

extension String {
    /// The lines, each with a final line break.
    fileprivate var lines: [String] {
        let lines = split(separator: "\n", omittingEmptySubsequences: false)
        return (lines.last == "" ? lines.dropLast() : lines[...]).map { "\($0)\n" }
    }

    fileprivate var words: [Substring] {
        split { $0 == " " || $0 == "\n" }
    }
}
