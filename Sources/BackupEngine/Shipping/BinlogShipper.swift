package import Age
package import Binlog
internal import Foundation
package import MySQLClient
package import RecoveryCore
internal import Synchronization

/// Brings a server's binary log into stores as it is written, as segments.
///
/// 1. A transaction is in one segment, whole, and in the server's order; segments are numbered without a hole.
/// 2. What is begun anew begins where the newest description in the stores ends: nothing is missing, nothing is twice.
/// 3. What cannot go on there is a gap, and said to be one.
///
/// While no store takes a segment, nothing more is read, and the server keeps its log: memory stays bounded.
package struct BinlogShipper: Sendable {
    package struct Options: Sendable {
        package var recipients: [X25519Recipient]
        package var rhythm = ShippingRhythm()
        package var level = 3
        package var software = "breakwater"
        /// Ships what there is when it begins, and ends.
        package var once = false

        package init(recipients: [X25519Recipient]) {
            self.recipients = recipients
        }
    }

    let settings: MySQLSettings
    let database: String
    let shelf: SegmentShelf
    let options: Options
    /// Where the newest backup was taken.
    let newestBackup: @Sendable () async throws -> GTIDState?
    let report: @Sendable (ShippingEvent) -> Void

    package init(
        _ settings: MySQLSettings, database: String, shelf: SegmentShelf, options: Options,
        newestBackup: @escaping @Sendable () async throws -> GTIDState?,
        report: @escaping @Sendable (ShippingEvent) -> Void
    ) {
        var settings = settings
        // A server that says nothing, not even that there is nothing, is gone.
        settings.readTimeout = .seconds(15)
        settings.writeTimeout = .seconds(15)
        self.settings = settings
        self.database = database
        self.shelf = shelf
        self.options = options
        self.newestBackup = newestBackup
        self.report = report
    }

    /// Ships until it is told to stop; what is complete then is shipped first.
    ///
    /// Lost servers and stores are waited for. The first connection must succeed, so that wrong settings are seen.
    /// - Throws: `ShippingError.refused`, `ShippingError.unreadableEnd`, of the first attempt `MySQLError` and
    ///   `ObjectStoreError`; `BinlogError` for a log that cannot be read; `CancellationError`.
    package func run(until stop: StopSignal) async throws {
        var attempts = 0
        var hasWorked = false
        // One that looks for its place after it was purged must not take the old one for it again.
        var lost: ShippingStart.Gap?
        var former: ShippingSession.ChainStart?
        while true {
            var session = ShippingSession(self, stop)
            // One that did not get so far says nothing of it.
            defer { former = session.begun ?? former }
            do {
                return try await session.run(lost: lost, after: former)
            } catch is CancellationError {
                throw CancellationError()
            } catch let error as ShippingError {
                switch error {
                case .refused, .unreadableEnd: throw error
                case .overtaken, .store: break
                }
                (attempts, hasWorked) = try await pause(after: error, session, attempts, hasWorked, stop)
            } catch let error as BinlogError {
                throw error
            } catch let error as MySQLError where session.hasAsked && error.code == Self.fatalReading {
                // The server cannot give what comes next: purged, unless it never had what we have.
                lost = Self.gap(of: error)
                hasWorked = true
                continue
            } catch {
                (attempts, hasWorked) = try await pause(after: error, session, attempts, hasWorked, stop)
            }
            lost = nil
            if stop.isSet { return }
        }
    }

    /// ER_MASTER_FATAL_ERROR_READING_BINLOG.
    private static let fatalReading: UInt32 = 1_236

    /// MariaDB: "connecting slave requested to start from GTID …, which is not in the master's binlog".
    private static func gap(of error: MySQLError) -> ShippingStart.Gap {
        error.message.contains("not in the master's binlog") ? .diverged : .purged
    }

    private func pause(
        after error: any Error, _ session: ShippingSession, _ attempts: Int, _ hasWorked: Bool, _ stop: StopSignal
    ) async throws -> (attempts: Int, hasWorked: Bool) {
        guard hasWorked || session.hasAsked else { throw error }
        let attempts = session.hasShipped ? 1 : attempts + 1
        let pause = ShippingRhythm.pause(after: attempts)
        report(.interrupted(error, pause: pause))
        let end = ContinuousClock.now + pause
        while ContinuousClock.now < end, !stop.isSet { try await Task.sleep(for: .milliseconds(50)) }
        return (attempts, true)
    }
}

/// Tells a shipper to end in order, from any thread.
package final class StopSignal: Sendable {
    private let state = Atomic(false)

    package init() {}

    package func set() { state.store(true, ordering: .relaxed) }

    package var isSet: Bool { state.load(ordering: .relaxed) }
}
