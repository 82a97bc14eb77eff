internal import Foundation
internal import Rendering

/// A directory that rendered files are written into: first a look at what is there, then all writing, each file in one
/// step.
struct OutputTree {
    enum State: Equatable {
        case new
        /// Nothing to do, except that the mode is set right.
        case same
        case differs
    }

    struct Step {
        var file: RenderedFile
        var state: State
    }

    var directory: String

    /// What writing each file would do.
    func plan(_ files: [RenderedFile]) throws -> [Step] {
        try files.map { file in
            let path = "\(directory)/\(file.path)"
            guard FileManager.default.fileExists(atPath: path) else { return Step(file: file, state: .new) }
            guard let data = FileManager.default.contents(atPath: path) else {
                throw UserFacingError(code: "render.not_readable", summary: "cannot compare with \(path)")
            }
            return Step(file: file, state: data == Data(file.contents.utf8) ? .same : .differs)
        }
    }

    func write(_ plan: [Step]) throws {
        for step in plan {
            let path = "\(directory)/\(step.file.path)"
            do {
                try FileManager.default.createDirectory(
                    atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
                try write(step.file, at: path)
            } catch let error as CocoaError {
                throw UserFacingError(
                    code: "render.not_writable", summary: "cannot write \(path)", cause: error.localizedDescription)
            }
        }
    }

    /// The file appears whole, and from the first moment with its mode: a password is at no time readable by others.
    private func write(_ file: RenderedFile, at path: String) throws {
        let temporary = "\(path).\(getpid()).tmp"
        unlink(temporary)
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode_t(file.mode))
        guard descriptor >= 0 else { throw failure(path) }
        let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        guard fchmod(descriptor, mode_t(file.mode)) == 0 else { throw failure(path) }
        do {
            try handle.write(contentsOf: Data(file.contents.utf8))
            try handle.close()
        } catch {
            unlink(temporary)
            throw error
        }
        guard rename(temporary, path) == 0 else {
            let error = failure(path)
            unlink(temporary)
            throw error
        }
    }

    private func failure(_ path: String) -> UserFacingError {
        UserFacingError(
            code: "render.not_writable", summary: "cannot write \(path)", cause: String(cString: strerror(errno)))
    }
}
