/// Why restic did not do what it was asked for.
package enum ResticError: Error, Equatable, CustomStringConvertible {
    /// There is no such program.
    case notInstalled
    /// It could not be started, or was lost sight of.
    case process(String)
    case wrongPassword
    /// Somebody else works on the repository; says who, in restic's words.
    case locked(String)
    /// It ended so, with these last words.
    case failed(command: String, words: String)
    /// It ended well, and what it said cannot be read.
    case unexpectedAnswer(command: String)
    /// The store has no repository.
    case noRepository
    case noSuchSnapshot(String)
    /// A beginning of several names.
    case ambiguous(String)

    package var description: String {
        switch self {
        case .notInstalled: "restic, which stores the files, is not installed"
        case .process(let reason): reason
        case .wrongPassword: "the password does not open the repository of files"
        case .locked(let words): "the repository of files is in use: \(words)"
        case .failed(let command, let words): "restic \(command) has failed: \(words)"
        case .unexpectedAnswer(let command):
            "what restic \(command) says cannot be read: is it a restic of another kind?"
        case .noRepository: "there are no files in the store"
        case .noSuchSnapshot(let name):
            name == "latest" ? "there is no snapshot of files" : "there is no snapshot \(name) of files"
        case .ambiguous(let name): "\(name) is the beginning of several snapshots' names"
        }
    }

    package var code: String {
        switch self {
        case .notInstalled: "restic_missing"
        case .process, .failed: "failed"
        case .wrongPassword: "wrong_password"
        case .locked: "locked"
        case .unexpectedAnswer: "unexpected_answer"
        case .noRepository: "none"
        case .noSuchSnapshot: "not_found"
        case .ambiguous: "ambiguous"
        }
    }

    package var hint: String? {
        switch self {
        case .notInstalled: "apt-get install restic"
        case .process, .failed, .unexpectedAnswer: nil
        case .wrongPassword: "take it from the store: --identity FILE opens files/password.age"
        case .locked: "wait for it to end; what a killed one has left is removed after 30 minutes"
        case .noRepository: "`breakwater files backup` makes the first one"
        case .noSuchSnapshot: "`breakwater files list` shows what there is"
        case .ambiguous: "give more of the name"
        }
    }
}
