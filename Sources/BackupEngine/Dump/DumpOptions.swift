package import Age
package import Topology

/// What a dump is to hold and how it is made.
package struct DumpOptions: Sendable {
    /// Connections that read at once. Two keep a small machine busy.
    package var threads = 2
    package var recipients: [X25519Recipient]
    /// Of Zstandard. SQL text shrinks to an eighth at level 1 already, which costs the least.
    package var level = 1
    /// Tables without their rows.
    package var schemaOnly: [TableRule] = []
    /// Tables that are passed over.
    package var exclude: [TableRule] = []
    /// Whether the accounts with privileges on the database are kept as well, with what they log in with.
    package var keepsAccounts = false
    /// How much of a table, as the server stores it, one object should hold.
    package var chunkBytes: UInt64 = 32 << 20
    /// What the manifest says wrote it.
    package var software = "breakwater"

    package init(recipients: [X25519Recipient]) {
        self.recipients = recipients
    }
}
