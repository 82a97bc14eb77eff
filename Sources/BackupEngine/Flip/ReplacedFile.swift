internal import Foundation
internal import Glibc

/// A small file that others read while it is replaced: they see the old one or the new one, never a part.
struct ReplacedFile: Sendable {
    let path: String

    /// Nil when it is not there.
    func read() throws(FlipError) -> String? {
        guard access(path, F_OK) == 0 else {
            if errno == ENOENT { return nil }
            throw failure()
        }
        guard let data = FileManager.default.contents(atPath: path), data.count <= 64 << 10 else {
            throw .file(path, reason: "it cannot be read")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// Writes it with the mode and owner that it has; a new one is for everybody to read, and its folder's owner's.
    func write(_ text: String) throws(FlipError) {
        // What a link leads to is what is meant; replacing the link would leave the old file to whoever reads it.
        let place = URL(filePath: path).resolvingSymlinksInPath().path
        let folder = (place as NSString).deletingLastPathComponent
        var known = stat()
        var mode = mode_t(0o644)
        if stat(place, &known) == 0 {
            mode = known.st_mode & 0o7777
        } else {
            guard stat(folder, &known) == 0 else { throw failure() }
        }
        let part = "\(folder)/.breakwater-\(UInt32.random(in: 0 ... .max))"
        let descriptor = open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure() }
        let bytes = Array(text.utf8)
        let isWritten =
            Glibc.write(descriptor, bytes, bytes.count) == bytes.count
            && (fchown(descriptor, known.st_uid, known.st_gid) == 0 || known.st_uid == geteuid())
            && fchmod(descriptor, mode) == 0 && fsync(descriptor) == 0
        let error = isWritten ? nil : failure()
        close(descriptor)
        if let error {
            unlink(part)
            throw error
        }
        guard rename(part, place) == 0 else {
            let error = failure()
            unlink(part)
            throw error
        }
    }

    /// One that is not there counts as removed.
    func remove() throws(FlipError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw failure() }
    }

    /// Whether it could be written, as far as that can be known without doing it.
    func checkWritable() throws(FlipError) {
        let folder = (URL(filePath: path).resolvingSymlinksInPath().path as NSString).deletingLastPathComponent
        guard access(folder, W_OK | X_OK) == 0 else { throw .file(folder, reason: Self.reason) }
    }

    private static var reason: String { String(cString: strerror(errno)) }
    private func failure() -> FlipError { .file(path, reason: Self.reason) }
}
