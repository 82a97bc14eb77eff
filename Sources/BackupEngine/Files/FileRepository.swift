package import Topology

/// Where restic keeps files: a repository in a folder of a store of backups, in the layout that restic itself gives it.
package struct FileRepository: Sendable, Hashable {
    /// Below the store's prefix, beside the folders of the databases.
    package static let folder = "files"
    /// What every repository of restic has from its first moment on.
    static let configuration = "\(folder)/config"
    /// The repository's password, encrypted for the backups' recipients.
    package static let password = "\(folder)/password.age"

    /// As `restic -r` has it.
    package let url: String
    /// What restic has to be told besides.
    let options: [String]

    /// - Parameter location: Of the store.
    package init(_ location: BackupLocation) {
        switch location {
        case .directory(let path):
            url = path == "/" ? "/\(Self.folder)" : "\(path)/\(Self.folder)"
            options = []
        case .s3(let bucket):
            let path = [bucket.name, bucket.prefix, Self.folder].filter { !$0.isEmpty }.joined(separator: "/")
            url = "s3:\(bucket.endpoint)/\(path)"
            let style =
                switch bucket.pathStyle {
                case true?: "path"
                case false?: "dns"
                case nil: "auto"
                }
            options =
                ["-o", "s3.region=\(bucket.region)", "-o", "s3.bucket-lookup=\(style)"]
                + (bucket.ca.map { ["--cacert", $0] } ?? [])
        }
    }
}
