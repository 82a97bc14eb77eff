internal import FoundationEssentials

/// `worker.php`, which is compiled into this binary so that it can be installed as one file.
enum WorkerScript {
    /// Writes the script into a directory and returns its path.
    static func write(into directory: String) throws -> String {
        let path = directory + "/worker.php"
        do {
            try Data(PackageResources.worker_php).write(to: URL(filePath: path), options: .atomic)
        } catch {
            throw DrillError("drill.scratch", "the client script could not be written to \(path): \(error)")
        }
        return path
    }
}
