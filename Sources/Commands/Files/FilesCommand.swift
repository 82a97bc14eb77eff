package import ArgumentParser

/// `breakwater files`
package struct FilesCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "files",
        abstract: "Back the shop's files up, and bring them back.",
        discussion: """
            Pictures, plugins, themes and wp-config.php, through restic, into the stores that have the backups of the \
            database. Which files is said in the topology's `backup.files`. What opens backups of the database opens \
            files too. See docs/files.md.
            """,
        subcommands: [
            FilesBackupCommand.self,
            FilesListCommand.self,
            FilesRestoreCommand.self,
            FilesPruneCommand.self,
        ])

    package init() {}
}
