internal import Glibc

/// An open file or folder, closed when nobody holds it any more.
final class Descriptor: Sendable {
    let number: Int32

    init(owning number: Int32) {
        self.number = number
    }

    deinit {
        close(number)
    }
}

/// A system call that failed, by the number of its error.
struct SystemFault: Error {
    let number: Int32

    /// No call failed: the name is one that this store gives to files itself.
    static let reservedName = SystemFault(number: -1)

    static var last: SystemFault { SystemFault(number: errno) }

    var reason: String { String(cString: strerror(number)) }
}

/// Calls again what a signal interrupted.
func retrying<Number: SignedInteger>(_ call: () -> Number) throws(SystemFault) -> Number {
    while true {
        let result = call()
        if result >= 0 { return result }
        guard errno == EINTR else { throw .last }
    }
}
