import NIOCore

/// How bytes that arrive are gathered. NIO uses a channel's read buffers again once nobody else holds them, and a buffer
/// that somebody holds cannot be appended to in place: these two keep both in mind.
extension ByteBuffer {
    /// Appends what was read to what is left of earlier reads; takes it over as it is when nothing is left.
    @inline(__always)
    mutating func join(_ next: ByteBuffer, _ allocator: ByteBufferAllocator) {
        if readableBytes == 0 {
            self = next
            return
        }
        if writableBytes < next.readableBytes || capacity > 4 * (readableBytes + next.readableBytes) {
            // Room for more: a long frame that comes in pieces is moved a few times, not once for each piece.
            let needed = readableBytes + next.readableBytes
            var joined = allocator.buffer(capacity: needed + min(needed, 256 * 1024))
            joined.writeImmutableBuffer(self)
            self = joined
        }
        writeImmutableBuffer(next)
    }

    /// Gives the storage back when all of it has been used.
    @inline(__always)
    mutating func releaseIfEmpty() {
        if readableBytes == 0 { self = ByteBuffer() }
    }
}
