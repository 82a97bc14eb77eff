import Age
import Foundation

/// A WordPress site's files, in the folder of a program, and a topology that says that they are backed up.
struct Site {
    let program: BreakwaterProgram
    let identity = X25519Identity()

    var root: String { "\(program.folder.path)/site" }
    var content: String { "\(root)/wp-content" }
    /// Where the topology's store keeps the password.
    var password: URL { program.folder.appending(path: ".breakwater/files.password") }

    /// `more` are lines of `backup`.
    init(stores: [String] = ["dir:FOLDER/one"], _ more: String..., top: String = "") throws {
        program = try BreakwaterProgram()
        let folder = program.folder.path
        for (path, text) in [
            ("wp-config.php", "<?php define('AUTH_SALT', 'salt');"), ("wp-settings.php", "<?php"),
            ("wp-content/uploads/2026/hoodie.jpg", "jpg"), ("wp-content/plugins/shop/cache/code.php", "<?php"),
            ("wp-content/cache/page.html", "cached"), ("wp-content/debug.log", "noise"),
        ] { try put(text, at: "\(root)/\(path)") }
        let places = stores.map { "\"\($0.replacing("FOLDER", with: folder))\"" }.joined(separator: ", ")
        try program.write(
            """
            version: 1
            store: shop
            provider: local
            \(top)
            backup:
              to: [\(places)]
              recipients: [\(identity.recipient)]
              files: { paths: [\(content)], exclude: [ignored] }
              \(more.joined(separator: "\n  "))

            """, to: "breakwater.yaml")
        try program.write(identity.encoded() + "\n", to: "key.txt")
    }

    func put(_ text: String, at path: String) throws {
        let file = URL(filePath: path)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    /// What a restore has written below a folder, by the paths that it had.
    func restored(to name: String) -> [String: String] {
        program.files(below: name).reduce(into: [:]) { files, path in
            let text = try? String(contentsOf: program.folder.appending(path: "\(name)/\(path)"), encoding: .utf8)
            if let short = "/\(path)".split(separator: "\(root)/").last { files[String(short)] = text }
        }
    }
}
