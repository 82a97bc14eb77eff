internal import Glibc

/// Fills the small disk that a Redis node has for itself, and makes room again.
struct DiskFiller {
    private let directory: String
    private let name: String

    /// More than this is nobody's small disk.
    private static let largest: UInt64 = 512 << 20

    init(_ stage: any DrillStage, _ node: StageNode) throws {
        guard let directory = stage.dataDirectory(of: node.name) else {
            throw Self.notInjected("\(node.name) has no disk")
        }
        self.directory = directory
        name = node.name
    }

    init(directory: String, of name: String) {
        (self.directory, self.name) = (directory, name)
    }

    private var file: String { "\(directory)/filler" }

    /// Returns when the kernel says that no block is free, with the time.
    func fill() throws -> Int64 {
        var disk = statvfs()
        guard statvfs(directory, &disk) == 0, UInt64(disk.f_blocks) * UInt64(disk.f_frsize) <= Self.largest else {
            throw Self.notInjected("the data of \(name) is not on a small disk of its own")
        }
        let descriptor = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.notInjected("\(file) cannot be written (error \(errno))") }
        defer { close(descriptor) }
        for size in [1 << 20, 1 << 12] {
            let block = [UInt8](repeating: 0x2E, count: size)
            while write(descriptor, block, size) == size {}
        }
        guard errno == ENOSPC, statvfs(directory, &disk) == 0, disk.f_bavail == 0 else {
            throw Self.notInjected("the disk of \(name) is not full (error \(errno))")
        }
        return MonotonicClock.now()
    }

    func free() throws {
        guard unlink(file) == 0 || errno == ENOENT else {
            throw DrillError("drill.not_repaired", "the fault could not be undone: \(file) cannot be removed")
        }
    }

    private static func notInjected(_ reason: String) -> DrillError {
        DrillError("drill.fault_not_injected", "the fault could not be injected: \(reason)")
    }
}
