internal import Glibc
internal import NIOCore

/// A file that is being written beside the place that it will take. Blocking.
final class PartFile: Sendable {
    private let folder: Descriptor
    private let file: Descriptor
    private let name: String
    private let partName: String

    /// Makes the folders that are missing, and the file.
    init(_ key: ObjectKey, in tree: DirectoryTree) throws(SystemFault) {
        var attempts = 3
        while true {
            do {
                let (folder, name) = try tree.folder(of: key, creating: true)
                let partName = DirectoryTree.partName(name)
                let number = try retrying {
                    openat(folder.number, partName, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
                }
                (self.folder, file, self.name, self.partName) = (folder, Descriptor(owning: number), name, partName)
                return
            } catch {
                // A delete may have removed a folder that was empty in between.
                attempts -= 1
                guard error.number == ENOENT, attempts > 0 else { throw error }
            }
        }
    }

    /// - Throws: `SystemFault`.
    func write(_ bytes: ByteBuffer) throws {
        try bytes.withUnsafeReadableBytes { pointer in
            var rest = pointer[...]
            while !rest.isEmpty {
                let slice = UnsafeRawBufferPointer(rebasing: rest)
                let written = try retrying { Glibc.write(file.number, slice.baseAddress, slice.count) }
                rest = rest.dropFirst(written)
            }
        }
    }

    /// Makes the bytes durable and gives the file its name. Until the name is there nothing is; once this has returned,
    /// it outlives a power failure.
    func finish(ifAbsent: Bool) throws(SystemFault) {
        _ = try retrying { fsync(file.number) }
        if ifAbsent {
            // Unlike a rename, a link never replaces.
            _ = try retrying { linkat(folder.number, partName, folder.number, name, 0) }
            discard()
        } else {
            _ = try retrying { renameat(folder.number, partName, folder.number, name) }
        }
        _ = try retrying { fsync(folder.number) }
    }

    func discard() {
        unlinkat(folder.number, partName, 0)
    }
}
