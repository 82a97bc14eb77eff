package import Topology

/// What a connection is made with.
package struct MySQLSettings: Sendable {
    package var address: MySQLAddress
    /// Nil logs in without one. The environment is never asked for it.
    package var password: Secret?
    /// For each step of making the connection and greeting the server. Whole seconds, at least one.
    package var connectTimeout: Duration = .seconds(10)
    /// How long the server may be silent: while it works on a statement, and between rows. Building an index is silent
    /// for as long as it takes.
    package var readTimeout: Duration = .seconds(1800)
    package var writeTimeout: Duration = .seconds(1800)
    /// The largest row that is accepted, and the largest statement that is sent. The protocol ends at 1 GiB; memory for
    /// it is taken only when such a row comes.
    package var maxPacketBytes = 1 << 30

    package init(address: MySQLAddress, password: Secret? = nil) {
        self.address = address
        self.password = password
    }
}
