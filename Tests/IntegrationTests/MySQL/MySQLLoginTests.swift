import Foundation
import LoopbackServers
import MySQLClient
import RecoveryCore
import Testing
import Topology

extension MySQLTests {
    /// Who is let in, and whom the client believes.
    @Suite struct Login {
        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func overVerifiedTLSTheServerSaysWhoItIs(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            let settings = server.settings(tls: .verifyFull, ca: try Databases.certificates().ca)
            try await MySQLConnection.with(settings) { connection in
                let identity = await connection.server
                #expect(identity.family.rawValue == flavour.rawValue)
                #expect(identity.version >= (flavour == .mysql ? .init(9, 0) : .init(10, 11)))
                #expect(await connection.cipher != nil)
                let status = try await connection.query("SHOW STATUS LIKE 'Ssl_version'")
                #expect(["TLSv1.2", "TLSv1.3"].contains(status.text(0, 1)))
                let thread = await connection.threadID
                #expect(try await connection.query("SELECT CONNECTION_ID()").text() == thread.map { "\($0)" })
                #expect(try await connection.query("SELECT VERSION()").text() == identity.text)
            }
        }

        /// After FLUSH PRIVILEGES the server has forgotten all passwords it has seen, and asks for the password itself.
        @Test(arguments: [
            "short", "a longer password with spaces, ' and \" and \\ and %",
            String(repeating: "ü", count: 60),
        ])
        func cachingSHA2InFullAndFromTheCache(password: String) async throws {
            let server = try Databases.server(.mysql)
            let literal = password.replacing("\\", with: "\\\\").replacing("'", with: "''")
            try await server.run("CREATE USER sha2@'%' IDENTIFIED WITH caching_sha2_password BY '\(literal)'")
            let ca = try Databases.certificates().ca
            var socket = server.settings(user: "sha2", password: password)
            socket.address.socket = server.place.socketPath
            for settings in [
                server.settings(user: "sha2", password: password, tls: .verifyFull, ca: ca),
                server.settings(user: "sha2", password: password, tls: .required),
                server.settings(user: "sha2", password: password, tls: .preferred),
                server.settings(user: "sha2", password: password), socket,
            ] {
                try await server.run("FLUSH PRIVILEGES")
                for _ in 1...2 {
                    try await MySQLConnection.with(settings) { connection in
                        let user = try await connection.query("SELECT CURRENT_USER()").text()
                        #expect(user == "sha2@%")
                        #expect(await (connection.cipher != nil) == (settings.address.tls != .off))
                    }
                }
                var wrong = settings
                wrong.password = Secret(password + "x")
                let error = try await mysqlError { _ = try await MySQLConnection.connect(wrong) }
                #expect(error.kind == .accessDenied)
            }
            try await server.run("DROP USER sha2@'%'")
        }

        @Test func nativePasswordAndEd25519OfMariaDB() async throws {
            let server = try Databases.server(.mariadb)
            try await server.run(
                "INSTALL SONAME 'auth_ed25519'", "CREATE USER native@'%' IDENTIFIED BY 'pw1'",
                "CREATE USER curve@'%' IDENTIFIED VIA ed25519 USING PASSWORD('pw2')")
            for (user, password) in [("native", "pw1"), ("curve", "pw2")] {
                for tls in [MySQLTopology.TLS.off, .required] {
                    try await MySQLConnection.with(server.settings(user: user, password: password, tls: tls)) {
                        let current = try await $0.query("SELECT CURRENT_USER()").text()
                        #expect(current == "\(user)@%")
                    }
                }
            }
            try await server.run("DROP USER native@'%', curve@'%'")
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aWrongPasswordIsNamedButNeverTold(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            let secret = "correct-horse-battery"
            for password in [secret, secret + secret] {
                let settings = server.settings(password: password)
                let error = try await mysqlError { _ = try await MySQLConnection.connect(settings) }
                #expect(error.kind == .accessDenied)
                #expect(error.code == 1045 && error.sqlState == "28000")
                var texts = ["\(error)", String(reflecting: error), "\(settings)", String(reflecting: settings)]
                texts.append("")
                dump((error, settings), to: &texts[4])
                for text in texts { #expect(!text.contains(secret)) }
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func whatIsNotThere(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            let noDatabase = try await mysqlError {
                _ = try await MySQLConnection.connect(server.settings(database: "nowhere"))
            }
            #expect(noDatabase.kind == .unknownDatabase && noDatabase.code == 1049)
            // Nobody listens there.
            var closed = server.settings()
            closed.address.host += "1"
            #expect(try await mysqlError { _ = try await MySQLConnection.connect(closed) }.kind == .cannotConnect)
            closed.address.socket = server.place.socketPath + "x"
            #expect(try await mysqlError { _ = try await MySQLConnection.connect(closed) }.kind == .cannotConnect)
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func onlyTheRightAuthorityAndTheRightName(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            let (ca, stranger) = (try Databases.certificates().ca, try Databases.certificates().strangersCA)
            let other = server.otherAddress
            func settings(_ tls: MySQLTopology.TLS?, _ ca: String?, _ address: String? = nil) -> MySQLSettings {
                server.settings(tls: tls, ca: ca, address: address)
            }
            let unsaid = settings(nil, ca)
            #expect(unsaid.address.effectiveTLS == .verifyCA)
            for accepted in [
                unsaid, settings(.verifyFull, ca), settings(.verifyCA, ca), settings(.required, ca),
                settings(.required, nil),
                settings(.required, nil, other),
            ] {
                try await MySQLConnection.with(accepted) { #expect(await $0.cipher != nil) }
            }
            for refused in [
                settings(nil, stranger), settings(.verifyFull, stranger), settings(.verifyCA, stranger),
                settings(.required, stranger),
                settings(.verifyFull, ca, other), settings(.verifyFull, nil), settings(.verifyCA, nil),
                settings(.verifyFull, ca + "x"),
            ] {
                let error = try await mysqlError { _ = try await MySQLConnection.connect(refused) }
                #expect(error.kind == .tlsFailed, "\(refused.address): \(error)")
            }
        }

        /// The authority alone can be verified by Connector/C 3.3; from 3.4 on the name is checked as well.
        @Test func aCertificateOfAnotherNameIsGoodEnoughForVerifyCA() async throws {
            for flavour in LoopbackDatabase.Flavour.allCases {
                let server = try Databases.server(flavour)
                let ca = try Databases.certificates().ca
                let settings = server.settings(tls: .verifyCA, ca: ca, address: server.otherAddress)
                if MySQLSettings.canVerifyAuthorityAlone {
                    try await MySQLConnection.with(settings) { #expect(await $0.cipher != nil) }
                } else {
                    let error = try await mysqlError { _ = try await MySQLConnection.connect(settings) }
                    #expect(error.kind == .tlsFailed)
                }
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aServerWithoutTLS(flavour: LoopbackDatabase.Flavour) async throws {
            let ca = try Databases.certificates().ca
            let server = try await onThread { try LoopbackDatabase(flavour) }
            try await server.run("CREATE USER shop@'%' IDENTIFIED BY 'pw'")
            for tls in [MySQLTopology.TLS.required, .verifyCA, .verifyFull] {
                let settings = server.settings(user: "shop", password: "pw", tls: tls, ca: ca)
                let error = try await mysqlError { _ = try await MySQLConnection.connect(settings) }
                #expect(error.kind == .tlsFailed, "\(error)")
            }
            for tls in [MySQLTopology.TLS.preferred, .off] {
                try await MySQLConnection.with(server.settings(user: "shop", password: "pw", tls: tls)) {
                    #expect(await $0.cipher == nil)
                }
            }
        }

        @Test(arguments: LoopbackDatabase.Flavour.allCases)
        func aUserWhoMustUseTLS(flavour: LoopbackDatabase.Flavour) async throws {
            let server = try Databases.server(flavour)
            try await server.run("CREATE USER careful@'%' IDENTIFIED BY 'pw' REQUIRE SSL")
            let plain = server.settings(user: "careful", password: "pw")
            #expect(try await mysqlError { _ = try await MySQLConnection.connect(plain) }.kind == .accessDenied)
            let safe = server.settings(user: "careful", password: "pw", tls: .required)
            try await MySQLConnection.with(safe) { #expect(await $0.cipher != nil) }
            try await server.run("DROP USER careful@'%'")
        }

        @Test(arguments: ["a;ssl=0", "127.0.0.1,127.0.0.2", "mysql://x", "", "a b", String(repeating: "a", count: 300)])
        func whatTheLibraryWouldReadAsSomethingElseIsNoHost(host: String) async throws {
            var address = MySQLAddress(host: host)
            address.user = "u"
            let error = try await mysqlError { _ = try await MySQLConnection.connect(MySQLSettings(address: address)) }
            #expect(error == MySQLError(.cannotConnect, message: "not the name of a host"))
            let nobody = MySQLSettings(address: MySQLAddress(host: "127.0.0.1"))
            #expect(
                try await mysqlError { _ = try await MySQLConnection.connect(nobody) }.message == "no user is given")
        }

        @Test func aPasswordDoesNotEndAtItsZeroByte() async throws {
            let server = try Databases.server(.mariadb)
            try await server.run("CREATE USER cut@'%' IDENTIFIED BY 'pw'")
            let settings = server.settings(user: "cut", password: "pw\0whatever")
            #expect(try await mysqlError { _ = try await MySQLConnection.connect(settings) }.kind == .cannotConnect)
            try await server.run("DROP USER cut@'%'")
        }
    }
}
