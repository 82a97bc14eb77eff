internal import CMariaDB
internal import Glibc
internal import Topology

/// Calls of the client library for one connection. Everything here blocks; one thread at a time, which the actor
/// ``MySQLConnection`` sees to.
struct ClientHandle {
    let mysql: UnsafeMutablePointer<MYSQL>

    /// The library must be started once before threads use it, and before it loads the login that ours replaces.
    private static let isStarted: Bool = {
        guard mysql_server_init(0, nil, nil) == 0, let mysql = mysql_init(nil) else { return false }
        defer { mysql_close(mysql) }
        return CachingSHA2Login.register(mysql)
    }()

    /// The ways to log in that a server may ask for. Not among them is sending the password in clear, which a server
    /// in the middle would ask for.
    private static let logins = "mysql_native_password,\(CachingSHA2Login.name),client_ed25519"

    /// Connects and logs in. No option file and no `MYSQL_PWD` is read.
    init(_ settings: MySQLSettings) throws(MySQLError) {
        let address = settings.address
        let password = settings.password?.reveal() ?? ""
        try Self.check(address, password: password)
        let verification = try Verification(address)
        guard Self.isStarted, let mysql = mysql_init(nil) else {
            throw MySQLError(.other, message: "the client library does not start")
        }
        self.mysql = mysql
        set(MYSQL_OPT_CONNECT_TIMEOUT, seconds: settings.connectTimeout)
        set(MYSQL_OPT_READ_TIMEOUT, seconds: settings.readTimeout)
        set(MYSQL_OPT_WRITE_TIMEOUT, seconds: settings.writeTimeout)
        set(MYSQL_OPT_MAX_ALLOWED_PACKET, UInt(clamping: max(settings.maxPacketBytes, 1 << 16)))
        // A server could ask for any file of this machine otherwise, in answer to any statement.
        set(MYSQL_OPT_LOCAL_INFILE, UInt32(0))
        set(MARIADB_OPT_RESTRICTED_AUTH, Self.logins)
        set(MYSQL_SET_CHARSET_NAME, "utf8mb4")
        apply(verification, to: address)
        do throws(MySQLError) {
            try connect(address, password: password)
            if verification.isTLSRequired, mysql_get_ssl_cipher(mysql) == nil {
                throw MySQLError(.tlsFailed, message: "\(CachingSHA2Login.noTLS)")
            }
        } catch {
            mysql_close(mysql)
            throw error
        }
    }

    /// The library takes C strings, would log in as whoever runs this program if no user is given, and reads a host with
    /// `;` as a list of options, with `,` as several hosts and with `://` as a URL.
    private static func check(_ address: MySQLAddress, password: String) throws(MySQLError) {
        guard let user = address.user, !user.isEmpty else {
            throw MySQLError(.cannotConnect, message: "no user is given")
        }
        let isHost = address.host.utf8.allSatisfy { $0 > 0x20 && !";,/".utf8.contains($0) }
        guard address.socket != nil || (isHost && (1...253).contains(address.host.utf8.count)) else {
            throw MySQLError(.cannotConnect, message: "not the name of a host")
        }
        // The path of a unix socket has 108 bytes with its NUL: unix(7).
        guard (address.socket?.utf8.count ?? 1) < 108 else {
            throw MySQLError(.cannotConnect, message: "the path of the socket is too long")
        }
        let texts = [user, address.host, address.socket ?? "", address.database ?? "", address.ca ?? "", password]
        guard texts.allSatisfy({ !$0.utf8.contains(0) }) else {
            throw MySQLError(.cannotConnect, message: "a name or the password contains a zero byte")
        }
    }

    private func connect(_ address: MySQLAddress, password: String) throws(MySQLError) {
        let host = address.socket == nil ? address.host : nil
        let flags = UInt(CLIENT_MULTI_RESULTS)
        let result = mysql_real_connect(
            mysql, host, address.user, password, address.database, UInt32(clamping: address.port), address.socket, flags
        )
        guard result != nil else {
            throw lastError { kind in
                // Before the login is over, a lost connection means that there never was one.
                kind == .connectionLost ? .cannotConnect : kind
            }
        }
    }

    private func apply(_ verification: Verification, to address: MySQLAddress) {
        // "localhost" would mean the unix socket otherwise.
        set(MYSQL_OPT_PROTOCOL, (address.socket == nil ? MYSQL_PROTOCOL_TCP : MYSQL_PROTOCOL_SOCKET).rawValue)
        set(MYSQL_OPT_SSL_ENFORCE, CChar(verification == .plain ? 0 : 1))
        set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, CChar(verification.checksHostName ? 1 : 0))
        guard verification != .plain else { return }
        set(MARIADB_OPT_TLS_VERSION, "TLSv1.2,TLSv1.3")
        if let ca = verification.ca { set(MYSQL_OPT_SSL_CA, ca) }
        if verification.isTLSRequired { CachingSHA2Login.demandTLS(mysql) }
    }

    private func set<Value: BitwiseCopyable>(_ option: mysql_option, _ value: Value) {
        withUnsafeBytes(of: value) { _ = mysql_options(mysql, option, $0.baseAddress) }
    }

    private func set(_ option: mysql_option, _ value: String) {
        _ = mysql_options(mysql, option, value)
    }

    private func set(_ option: mysql_option, seconds duration: Duration) {
        set(option, UInt32(clamping: max(duration.components.seconds, 1)))
    }

    /// The error of the last call; never "no error".
    func lastError() -> MySQLError {
        lastError { kind in
            // A connection that ends under TLS is an error of TLS to the library.
            kind == .tlsFailed ? .connectionLost : kind
        }
    }

    private func lastError(_ seen: (MySQLError.Kind) -> MySQLError.Kind) -> MySQLError {
        let code = mysql_errno(mysql)
        guard code != 0 else { return MySQLError(.malformed, message: "the server's answer makes no sense") }
        // The library calls a packet beyond its limit a lost connection, but notes that it was not the socket's fault.
        if code == CR_SERVER_LOST, mysql.pointee.net.error == 1 {
            return MySQLError(.packetTooLarge, code: UInt32(CR_NET_PACKET_TOO_LARGE), message: "a row is too large")
        }
        return MySQLError(
            seen(MySQLError.Kind(code: code)), code: code,
            sqlState: MySQLError.readable(String(cString: mysql_sqlstate(mysql))),
            message: MySQLError.readable(String(cString: mysql_error(mysql))))
    }

    /// Whether the library has closed the socket, which it does when it cannot go on.
    var isClosed: Bool { mysql_get_socket(mysql) == -1 }

    /// Sends a statement and waits until its result begins.
    func send(_ statement: UnsafeRawBufferPointer) throws(MySQLError) {
        let bytes = statement.baseAddress?.assumingMemoryBound(to: CChar.self)
        guard mysql_real_query(mysql, bytes, UInt(statement.count)) == 0 else { throw lastError() }
    }

    /// The rows of the current result as they come; nil for a statement without any.
    func beginRows() throws(MySQLError) -> UnsafeMutablePointer<MYSQL_RES>? {
        if let result = mysql_use_result(mysql) { return result }
        guard mysql_field_count(mysql) == 0 else { throw lastError() }
        return nil
    }

    /// Moves on to the next result of the same statement; false when there is none.
    func advance() throws(MySQLError) -> Bool {
        switch mysql_next_result(mysql) {
        case 0: return true
        case -1: return false
        default: throw lastError()
        }
    }
}
