internal import CMariaDB
internal import Crypto
internal import CryptoExtras
internal import Foundation

/// The login `caching_sha2_password`, in place of the client library's own.
///
/// The library (Connector/C 3.3) calls a connection safe when TLS was *asked for*. A server that offers none, or whoever
/// sits in front of it, is then sent the password in clear. Here the password leaves in clear over TLS that is there,
/// and over a unix socket; otherwise encrypted for the server's key, and not at all when TLS is demanded.
///
/// The exchange: "Caching_sha2_password information" of the MySQL source documentation.
enum CachingSHA2Login {
    static let name = "caching_sha2_password"

    /// Registers it with the library, for the life of the process; before any other login of this name is loaded.
    static func register(_ mysql: UnsafeMutablePointer<MYSQL>) -> Bool {
        let plugin = UnsafeMutablePointer<st_mysql_client_plugin_AUTHENTICATION>.allocate(capacity: 1)
        plugin.initialize(to: st_mysql_client_plugin_AUTHENTICATION())
        plugin.pointee.type = 2
        plugin.pointee.interface_version = 0x0100
        plugin.pointee.name = UnsafePointer(strdup(name))
        plugin.pointee.author = UnsafePointer(strdup("Breakwater"))
        plugin.pointee.desc = plugin.pointee.name
        plugin.pointee.license = UnsafePointer(strdup("as Breakwater"))
        plugin.pointee.authenticate_user = { vio, mysql in
            guard let vio, let mysql else { return PluginAnswer.failed }
            return Exchange(vio: vio, mysql: mysql).run()
        }
        let header = UnsafeMutableRawPointer(plugin).assumingMemoryBound(to: st_mysql_client_plugin.self)
        return mysql_client_register_plugin(mysql, header) != nil
    }

    /// Forbids any but TLS for a login that is about to begin.
    static func demandTLS(_ mysql: UnsafeMutablePointer<MYSQL>) {
        _ = mysql_options4(mysql, MARIADB_OPT_USERDATA, tlsIsDemanded, UnsafeRawPointer(bitPattern: 1))
    }

    fileprivate static let tlsIsDemanded = "breakwater-tls"
    static let noTLS: StaticString = "the server offers no TLS, which is required"

    /// What proves that the client knows the password: SHA256(password) XOR SHA256(SHA256(SHA256(password)) + nonce).
    static func proof(of password: some Sequence<UInt8>, nonce: some Sequence<UInt8>) -> [UInt8] {
        let once = SHA256.hash(data: Array(password))
        let twice = SHA256.hash(data: Array(once))
        return zip(once, SHA256.hash(data: Array(twice) + Array(nonce))).map { $0 ^ $1 }
    }

    /// The password with its NUL, each byte XOR the nonce in turn, encrypted with RSA-OAEP for a key in PEM form.
    static func sealed(_ password: some Sequence<UInt8>, nonce: [UInt8], keyPEM: String) throws -> [UInt8] {
        guard !nonce.isEmpty else { throw MySQLError(.malformed, message: "no nonce") }
        let key = try _RSA.Encryption.PublicKey(pemRepresentation: keyPEM)
        let masked = (Array(password) + [0]).enumerated().map { $1 ^ nonce[$0 % nonce.count] }
        return Array(try key.encrypt(masked, padding: .PKCS1_OAEP))
    }
}

/// What a login returns to the library: plugin_auth.h.
private enum PluginAnswer {
    /// `CR_OK`: the library reads the server's verdict.
    static let done: Int32 = -1
    /// `CR_ERROR`: with the error that is set, or "unknown error".
    static let failed: Int32 = 0
    static let handshakeError = CR_SERVER_HANDSHAKE_ERR
}

private struct Exchange {
    let vio: UnsafeMutablePointer<MYSQL_PLUGIN_VIO>
    let mysql: UnsafeMutablePointer<MYSQL>

    private static let nonceLength = 20

    func run() -> Int32 {
        guard let greeting = read() else { return PluginAnswer.failed }
        guard greeting.count == Self.nonceLength + 1 else { return PluginAnswer.handshakeError }
        let nonce = Array(greeting.prefix(Self.nonceLength))
        let password = mysql.pointee.passwd.map { Array(UnsafeBufferPointer(start: $0, count: strlen($0))) } ?? []
        let bytes = password.map { UInt8(bitPattern: $0) }
        guard !bytes.isEmpty else { return write([]) ? PluginAnswer.done : PluginAnswer.failed }
        guard write(CachingSHA2Login.proof(of: bytes, nonce: nonce)), let answer = read() else {
            return PluginAnswer.failed
        }
        switch answer {
        case [3]: return PluginAnswer.done
        case [4]: return handOver(bytes, nonce)
        default: return PluginAnswer.handshakeError
        }
    }

    /// The server has not seen this password since it started, and wants it.
    private func handOver(_ password: [UInt8], _ nonce: [UInt8]) -> Int32 {
        if isPrivate { return write(password + [0]) ? PluginAnswer.done : PluginAnswer.failed }
        guard mysql_userdata(mysql, CachingSHA2Login.tlsIsDemanded) == nil else {
            note(UInt32(CR_SSL_CONNECTION_ERROR), CachingSHA2Login.noTLS)
            return PluginAnswer.failed
        }
        guard write([2]), let key = read() else { return PluginAnswer.failed }
        guard let pem = String(validating: key, as: UTF8.self),
            let sealed = try? CachingSHA2Login.sealed(password, nonce: nonce, keyPEM: pem)
        else { return PluginAnswer.handshakeError }
        return write(sealed) ? PluginAnswer.done : PluginAnswer.failed
    }

    private var isPrivate: Bool {
        if mysql_get_ssl_cipher(mysql) != nil { return true }
        var info = MYSQL_PLUGIN_VIO_INFO()
        vio.pointee.info(vio, &info)
        return info.protocol == MYSQL_VIO_SOCKET
    }

    /// Sets the library's error, as plugin_auth.h allows.
    private func note(_ code: UInt32, _ message: StaticString) {
        mysql.pointee.net.last_errno = code
        withUnsafeMutableBytes(of: &mysql.pointee.net.last_error) { buffer in
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
            message.withUTF8Buffer { buffer.copyBytes(from: $0.prefix(buffer.count - 1)) }
        }
    }

    /// The next packet; nil when the server sent an error, which the library has noted.
    private func read() -> [UInt8]? {
        var bytes: UnsafeMutablePointer<UInt8>?
        let count = vio.pointee.read_packet(vio, &bytes)
        guard count >= 0, let bytes else { return nil }
        return Array(UnsafeBufferPointer(start: bytes, count: Int(count)))
    }

    private func write(_ packet: [UInt8]) -> Bool {
        vio.pointee.write_packet(vio, packet, Int32(packet.count)) == 0
    }
}
