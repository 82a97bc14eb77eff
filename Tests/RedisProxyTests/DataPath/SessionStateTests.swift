import NIOCore
import RedisClient
import Testing

@testable import RedisProxy

@Suite struct HelloOptionsTests {
    private func options(_ words: String...) -> HelloOptions {
        HelloOptions(words.map { ByteBuffer(string: $0) })
    }

    @Test func readsAllOptions() {
        let hello = options("HELLO", "3", "auth", "app", "secret", "SETNAME", "web")
        #expect(hello.protocolVersion == 3)
        #expect(hello.credentials?.username == "app")
        #expect(hello.credentials?.password.exposed == "secret")
        #expect(hello.name == Array("web".utf8))
        #expect(
            hello.withoutCredentials.map { String(decoding: $0, as: UTF8.self) } == ["HELLO", "3", "SETNAME", "web"])
    }

    @Test func leavesAloneWhatIsNotSaid() {
        let hello = options("HELLO")
        #expect(hello.protocolVersion == nil && hello.credentials == nil && hello.name == nil)
    }

    @Test func anUnknownVersionIsNone() {
        #expect(options("HELLO", "4").protocolVersion == nil)
    }

    @Test func incompleteOptionsAreTheServersToRefuse() {
        let hello = options("HELLO", "3", "AUTH", "app")
        #expect(hello.credentials == nil)
        #expect(hello.withoutCredentials.count == 4)
    }
}

@Suite struct SubscriptionsTests {
    @Test func followsConfirmations() {
        var subscriptions = Subscriptions()
        subscriptions.note(.subscribed(.channel), name: [1])
        subscriptions.note(.subscribed(.pattern), name: [1])
        subscriptions.note(.unsubscribed(.channel), name: [1])
        #expect(subscriptions.isEmpty(.channel))
        #expect(!subscriptions.isEmpty)
        subscriptions.note(.unsubscribed(.pattern), name: [1])
        #expect(subscriptions.isEmpty)
    }

    @Test func anUnsubscriptionFromNothingChangesNothing() {
        var subscriptions = Subscriptions()
        subscriptions.note(.unsubscribed(.shard), name: nil)
        #expect(subscriptions.isEmpty)
    }
}
