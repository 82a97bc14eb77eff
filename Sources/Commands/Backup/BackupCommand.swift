package import ArgumentParser

/// `breakwater backup`
package struct BackupCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Back the database up, and see to its backups.",
        discussion: """
            What is backed up, where to and for whom is said in the topology's `mysql` and `backup` sections, or on \
            the command line alone:

              export BREAKWATER_MYSQL_PASSWORD=…
              export AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=…
              breakwater backup create --from mysql://user@db.example:25060/shop \\
                --store 's3://backups/shop?region=nyc3' --recipient age1…

            `breakwater restore` brings one back. See docs/backup-commands.md.
            """,
        subcommands: [
            BackupCreateCommand.self,
            BackupListCommand.self,
            BackupShowCommand.self,
            BackupVerifyCommand.self,
            BackupPruneCommand.self,
            BackupShipCommand.self,
            BackupLogCommand.self,
        ])

    package init() {}
}
