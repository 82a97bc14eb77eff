internal import Foundation
package import RecoveryCore

/// What is found of a selection on this machine's disk.
package struct FileSurvey: Sendable, Equatable {
    /// Paths that are not there: perhaps a disk that is not mounted, and in no case something to be silent about.
    package var missing: [String] = []
    /// Links to folders that are not backed up. restic stores a link as a link, and nothing of what it leads to.
    package var strays: [Link] = []
    /// Whether a `wp-config.php` is among what is backed up.
    package var hasConfiguration = false

    package struct Link: Sendable, Hashable {
        package var path: String
        package var destination: String
    }

    /// Completes a selection by what its links lead to and by `wp-config.php`, and says what is amiss.
    package static func complete(_ selection: inout FileSelection, docroot: String?) -> FileSurvey {
        var survey = FileSurvey()
        for path in selection.paths {
            guard let type = type(of: path) else {
                survey.missing.append(path)
                continue
            }
            // A link that the topology itself names is meant as what it leads to.
            if type == .typeSymbolicLink {
                let destination = resolved(path)
                if !selection.covers(destination) { selection.paths.append(destination) }
            }
        }
        for file in FileSelection.configurations(paths: selection.paths, docroot: docroot)
        where type(of: file) != nil {
            survey.hasConfiguration = true
            if !selection.covers(file) { selection.paths.append(file) }
        }
        for path in selection.paths { survey.look(into: path, selection, depth: 2) }
        return survey
    }

    /// `wp-content/uploads` and the like, not every folder of a shop with a million pictures.
    private mutating func look(into folder: String, _ selection: FileSelection, depth: Int) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let path = "\(folder)/\(name)"
            switch Self.type(of: path) {
            case .typeSymbolicLink:
                let destination = Self.resolved(path)
                guard Self.type(of: destination) == .typeDirectory, !selection.covers(destination) else { continue }
                strays.append(Link(path: path, destination: destination))
            case .typeDirectory where depth > 1: look(into: path, selection, depth: depth - 1)
            default: continue
            }
        }
    }

    /// Of the entry itself, not of what it leads to.
    private static func type(of path: String) -> FileAttributeType? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.type] as? FileAttributeType
    }

    private static func resolved(_ path: String) -> String {
        URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
}
