internal import FoundationEssentials
internal import Glibc

/// The files of a directory store. Blocking; whoever calls has a thread for it.
///
/// Every path is walked from the root, folder by folder, and no symbolic link within is followed: what is written and
/// read is below the root, whatever somebody put there.
struct DirectoryTree: Sendable {
    let root: String

    /// How a file that is being written is called: `.~`, 16 digits, `~` and the name that it will have.
    private static let partPrefix = ".~"
    private static let partNonceLength = 16

    static func partName(_ name: String) -> String {
        let digits = String(UInt64.random(in: 0...UInt64.max), radix: 16)
        return partPrefix + String(repeating: "0", count: partNonceLength - digits.count) + digits + "~" + name
    }

    /// The name that a file being written will have; nil for every other file.
    static func finalName(ofPart name: String) -> String? {
        let bytes = Array(name.utf8)
        let head = partPrefix.utf8.count + partNonceLength
        guard name.utf8.starts(with: partPrefix.utf8), bytes.count > head + 1, bytes[head] == UInt8(ascii: "~") else {
            return nil
        }
        return String(decoding: bytes[(head + 1)...], as: UTF8.self)
    }

    /// The folder of a key and the file's name in it.
    /// - Throws: `SystemFault`; `ENOENT` when a folder is missing and not to be made.
    func folder(of key: ObjectKey, creating: Bool = false) throws(SystemFault) -> (folder: Descriptor, name: String) {
        var components = key.components
        let name = components.removeLast()
        // Such a name would pass for one being written.
        guard Self.finalName(ofPart: name) == nil else { throw .reservedName }
        var folder = try openRoot(creating: creating)
        for component in components { folder = try subfolder(component, of: folder, creating: creating) }
        return (folder, name)
    }

    private func openRoot(creating: Bool) throws(SystemFault) -> Descriptor {
        let flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC
        let number = open(root, flags)
        if number >= 0 { return Descriptor(owning: number) }
        guard creating, errno == ENOENT else { throw .last }
        _ = mkdir(root, 0o700)
        return Descriptor(owning: try retrying { open(root, flags) })
    }

    private func subfolder(
        _ name: String, of parent: Descriptor, creating: Bool = false
    ) throws(SystemFault) -> Descriptor {
        let flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC
        let number = openat(parent.number, name, flags)
        if number >= 0 { return Descriptor(owning: number) }
        guard creating, errno == ENOENT else { throw .last }
        if mkdirat(parent.number, name, 0o700) < 0, errno != EEXIST { throw .last }
        _ = try retrying { fsync(parent.number) }
        return Descriptor(owning: try retrying { openat(parent.number, name, flags) })
    }

    func openFile(_ key: ObjectKey) throws(SystemFault) -> (file: Descriptor, status: stat) {
        let (folder, name) = try folder(of: key)
        let file = Descriptor(
            owning: try retrying { openat(folder.number, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK) })
        var status = stat()
        _ = try retrying { fstat(file.number, &status) }
        guard status.isRegularFile else { throw SystemFault(number: ENOENT) }
        return (file, status)
    }

    /// Removes a file and those of its folders that are empty then.
    func remove(_ path: [String]) throws(SystemFault) {
        var folders = [try openRoot(creating: false)]
        for component in path.dropLast() { folders.append(try subfolder(component, of: folders[folders.count - 1])) }
        for (depth, name) in path.enumerated().reversed() {
            let isFile = depth == path.count - 1
            guard unlinkat(folders[depth].number, name, isFile ? 0 : AT_REMOVEDIR) == 0 else {
                if isFile { throw .last }
                return
            }
            if isFile { _ = try retrying { fsync(folders[depth].number) } }
        }
    }

    /// Every file, and every write in progress, by its path below the root. Names that are no UTF-8 are nobody's.
    func walk(_ visit: (_ path: [String], _ status: stat) -> Void) throws(SystemFault) {
        let top: Descriptor
        do {
            top = try openRoot(creating: false)
        } catch {
            // Nothing has been written yet.
            if error.number == ENOENT { return }
            throw error
        }
        try walk(top, [], visit)
    }

    private func walk(
        _ folder: Descriptor, _ path: [String], _ visit: (_ path: [String], _ status: stat) -> Void
    ) throws(SystemFault) {
        for name in try names(in: folder) {
            var status = stat()
            // Gone since its name was read.
            guard fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { continue }
            if status.isRegularFile {
                visit(path + [name], status)
            } else if status.isFolder, path.count < ObjectKey.maximumLength / 2 {
                guard let inner = try? subfolder(name, of: folder) else { continue }
                try walk(inner, path + [name], visit)
            }
        }
    }

    private func names(in folder: Descriptor) throws(SystemFault) -> [String] {
        // A stream takes its descriptor over.
        let own = try retrying { openat(folder.number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let stream = fdopendir(own) else {
            close(own)
            throw .last
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw .last }
                return names
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let name, name != ".", name != ".." { names.append(name) }
        }
    }
}

extension stat {
    var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }
    var isFolder: Bool { st_mode & S_IFMT == S_IFDIR }
    var modified: Date {
        Date(timeIntervalSince1970: Double(st_mtim.tv_sec) + Double(st_mtim.tv_nsec) / 1e9)
    }
}
