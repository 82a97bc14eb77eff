import Foundation
import Logging
import RedisClient
import RedisProxy
import ServiceLifecycle
import UnixSignals

let arguments = CommandLine.arguments.dropFirst()
var listeners: [ProxyListener] = []
var sentinels: [RedisEndpoint] = []
var hold = 800
var iterator = arguments.makeIterator()
var idempotent: [String] = []
while let flag = iterator.next(), let value = iterator.next() {
    switch flag {
    case "--listen": listeners.append(ProxyListener(RedisAddress(parsing: value)!))
    case "--sentinel": sentinels.append(RedisEndpoint(parsing: value)!)
    case "--hold": hold = Int(value)!
    case "--idempotent": idempotent.append(value)
    default: break
    }
}
LoggingSystem.bootstrap(StreamLogHandler.standardError)
var logger = Logger(label: "proxy")
if ProcessInfo.processInfo.environment["DEBUG"] != nil { logger.logLevel = .debug }
var configuration = ProxyConfiguration(listeners: listeners, sentinels: sentinels, service: "mymaster")
configuration.hold = .milliseconds(hold)
configuration.idempotentPrefixes = idempotent
let service = RedisProxyService(configuration: configuration, logger: logger)
let group = ServiceGroup(configuration: .init(services: [service], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
try await group.run()
