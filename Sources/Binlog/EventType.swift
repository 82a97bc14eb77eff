/// Numbers of events that are told apart here.
///
/// MySQL: `Log_event_type` in libs/mysql/binlog/event/binlog_event.h. MariaDB's own begin at 160: `Log_event_type` in
/// sql/log_event.h.
package enum EventType {
    package static let query: UInt8 = 2
    package static let stop: UInt8 = 3
    package static let rotate: UInt8 = 4
    package static let intVar: UInt8 = 5
    package static let rand: UInt8 = 13
    package static let userVar: UInt8 = 14
    package static let formatDescription: UInt8 = 15
    package static let xid: UInt8 = 16
    package static let beginLoadQuery: UInt8 = 17
    package static let executeLoadQuery: UInt8 = 18
    package static let tableMap: UInt8 = 19
    package static let writeRowsV1: UInt8 = 23
    package static let updateRowsV1: UInt8 = 24
    package static let deleteRowsV1: UInt8 = 25
    package static let incident: UInt8 = 26
    package static let heartbeat: UInt8 = 27
    package static let rowsQuery: UInt8 = 29
    package static let writeRows: UInt8 = 30
    package static let updateRows: UInt8 = 31
    package static let deleteRows: UInt8 = 32
    package static let gtid: UInt8 = 33
    package static let anonymousGTID: UInt8 = 34
    package static let previousGTIDs: UInt8 = 35
    package static let xaPrepare: UInt8 = 38
    package static let partialUpdateRows: UInt8 = 39
    package static let transactionPayload: UInt8 = 40
    package static let heartbeatV2: UInt8 = 41
    package static let gtidTagged: UInt8 = 42
    package static let annotateRows: UInt8 = 160
    package static let binlogCheckpoint: UInt8 = 161
    package static let mariadbGTID: UInt8 = 162
    package static let mariadbGTIDList: UInt8 = 163
    package static let startEncryption: UInt8 = 164
    package static let queryCompressed: UInt8 = 165
    /// The compressed forms of the rows events, version 1 and 2.
    package static let compressedRows: ClosedRange<UInt8> = 166...171
}
