package import Topology

/// The keys of an account, as S3 and other services with SigV4 know them.
package struct CloudCredentials: Sendable, Hashable {
    /// Names the key; no secret.
    package let accessKeyID: String
    package let secretAccessKey: Secret
    /// Of temporary credentials only.
    package let sessionToken: Secret?

    package init(accessKeyID: String, secretAccessKey: Secret, sessionToken: Secret? = nil) {
        self.accessKeyID = accessKeyID
        self.secretAccessKey = secretAccessKey
        self.sessionToken = sessionToken
    }
}
