import ArgumentParser
import Glibc
import Logging
import RedisProxy

/// The sidecar's command line: reads flags and topology, then hands over to `RedisProxyService`.
@main
struct BreakwaterProxy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "breakwater-proxy",
        abstract: "One stable Redis address for an application, whatever becomes of the master.",
        discussion: """
            Follows the master through Redis Sentinel. While there is none, commands are held and then sent to the new \
            one; the application sees a pause, not an error.

            With flags alone:

              breakwater-proxy --sentinel 10.0.0.21:26379 10.0.0.22:26379 10.0.0.23:26379 --service mymaster \\
                  --listen unix:/run/breakwater/redis.sock --password-file /etc/breakwater/redis.password

            From a topology, as one of its nodes; flags take precedence over the file:

              breakwater-proxy -f /etc/breakwater/breakwater.yaml --node web-1

            SIGHUP reads the file and the passwords again, SIGTERM drains. Passwords come from files or from the \
            variables BREAKWATER_REDIS_PASSWORD, BREAKWATER_SENTINEL_PASSWORD and BREAKWATER_CLIENT_PASSWORD.

            Exit codes: 0 stopped by a signal, 1 failed, 2 bad usage or invalid topology.
            """,
        version: "0.1.0")

    @OptionGroup var options: ProxyOptions

    @Flag(name: .customLong("print-commands"), help: "Print how every Redis command is treated, as Markdown, and end.")
    var printCommands = false

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch let code as ExitCode {
            exit(withError: code)
        } catch {
            // ArgumentParser ends with 64 for bad usage; the commands of this project with 2.
            guard exitCode(for: error) != .success else { exit(withError: error) }
            StandardError.write(fullMessage(for: error))
            exit(withError: ExitCode(2))
        }
    }

    func run() async throws {
        if printCommands {
            print(CommandCompatibility.markdown(), terminator: "")
            return
        }
        // Before anything starts a thread: the environment is changed.
        let startup: Startup
        do {
            startup = try Startup(options)
        } catch {
            for line in error.lines { StandardError.write(line) }
            throw ExitCode(2)
        }
        do {
            try await startup.run()
        } catch let problem as ConfigurationProblem {
            StandardError.write(problem.description)
            throw ExitCode(1)
        } catch {
            StandardError.write("error: the sidecar ended: \(error) [proxy.failed]")
            throw ExitCode(1)
        }
    }
}

/// Messages before there is a logger.
enum StandardError {
    static func write(_ line: String) {
        // One write, so that lines of several processes do not mix.
        let bytes = Array((line + "\n").utf8)
        _ = Glibc.write(STDERR_FILENO, bytes, bytes.count)
    }
}
