/// All known commands, for a look-up that neither allocates nor locks.
///
/// The table is a copy-free handle on memory that is written once and never freed; take a copy of `shared` into
/// whatever asks it often, since reading a global checks each time that it was initialised.
package struct CommandTable: Sendable {
    package static let shared = CommandTable(CommandCatalogue.all)

    /// By `CommandSpec.index`; 0 is the unknown command.
    package let descriptors: [CommandDescriptor]

    /// A name and what it stands for.
    private struct Entry {
        var name: CommandName
        var spec: CommandSpec
    }

    // Safe to share: initialised before the value exists, never written again, never deallocated.
    private nonisolated(unsafe) let entries: UnsafePointer<Entry>
    /// An open-addressing table of indices into `entries`; 0 is an empty slot.
    private nonisolated(unsafe) let slots: UnsafePointer<UInt16>
    private let mask: Int

    /// Expects containers before their subcommands, and unique names.
    init(_ catalogue: [CommandDescriptor]) {
        let descriptors = [CommandDescriptor.unknown] + catalogue
        let size = Self.slotCount(for: descriptors.count)
        let entries = UnsafeMutablePointer<Entry>.allocate(capacity: descriptors.count)
        let slots = UnsafeMutablePointer<UInt16>.allocate(capacity: size)
        slots.initialize(repeating: 0, count: size)

        var containers: [Substring: UInt16] = [:]
        for (index, descriptor) in descriptors.enumerated() {
            let spec = CommandSpec(descriptor, index: UInt16(index))
            let parent = descriptor.container.flatMap { containers[$0] } ?? 0
            let word = descriptor.name.split(separator: " ").last ?? ""
            let name = Array(word.utf8).withUnsafeBytes { CommandName($0, container: parent) }
            guard let name else { preconditionFailure("\(descriptor.name) is longer than a name may be") }
            (entries + index).initialize(to: Entry(name: name, spec: spec))
            if spec.isContainer { containers[descriptor.name[...]] = spec.index }
            if index == 0 { continue }

            var slot = Int(truncatingIfNeeded: name.hash) & (size - 1)
            while slots[slot] != 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = UInt16(index)
        }
        self.descriptors = descriptors
        self.entries = UnsafePointer(entries)
        self.slots = UnsafePointer(slots)
        mask = size - 1
    }

    /// A power of two with at least three slots for each name, to keep probes short.
    private static func slotCount(for names: Int) -> Int {
        var size = 64
        while size < names * 3 { size *= 2 }
        return size
    }

    /// The command that `name` stands for, in any case; nil if the table does not have it. Containers are found as
    /// such: `subcommand(_:of:)` goes on from there.
    @inline(__always)
    package func lookup(_ name: UnsafeRawBufferPointer) -> CommandSpec? {
        guard let name = CommandName(name) else { return nil }
        return find(name)
    }

    /// The subcommand `name` of `container`; nil if the table does not have it.
    package func subcommand(_ name: UnsafeRawBufferPointer, of container: CommandSpec) -> CommandSpec? {
        guard let name = CommandName(name, container: container.index) else { return nil }
        return find(name)
    }

    /// The command of a request, subcommands followed and options looked at: what the data path acts on. Never fails;
    /// a name that is not known comes back as an exclusive change. For bytes as they arrive there is `resolve(_:in:)`.
    @inline(__always)
    package func resolve<Arguments: CommandArguments>(_ arguments: Arguments) -> CommandSpec {
        guard arguments.count > 0, let spec = lookup(arguments[0]) else { return unknown }
        if spec.flags.isDisjoint(with: [.container, .dependsOnArguments]) { return spec }
        return refine(spec, arguments)
    }

    /// What a name that is in no table is treated as.
    package var unknown: CommandSpec { entries[0].spec }

    /// The name in upper case, subcommands with their container's: for logs and errors.
    package func name(of spec: CommandSpec) -> String {
        descriptors[Int(spec.index)].name
    }

    func refine<Arguments: CommandArguments>(
        _ spec: CommandSpec, _ arguments: Arguments
    ) -> CommandSpec {
        if spec.isContainer {
            guard arguments.count > 1 else { return spec }
            return subcommand(arguments[1], of: spec) ?? spec
        }
        var spec = spec
        switch (spec.handling, spec.effect) {
        case (.blocking, _):
            if !CommandForm.blocks(arguments) {
                spec.handling = .shared
                spec.commandClass = spec.effect == .read ? .read : .write
            }
        case (_, .overwrite):
            if !CommandForm.isPlainOverwrite(arguments) { spec.effect = .mutate }
        default:
            if !CommandForm.stores(arguments) {
                spec.effect = .read
                spec.commandClass = .read
                spec.degraded = .emptyArray
            }
        }
        return spec
    }

    @inline(__always)
    private func find(_ name: CommandName) -> CommandSpec? {
        var slot = Int(truncatingIfNeeded: name.hash) & mask
        while true {
            let index = Int(slots[slot])
            if index == 0 { return nil }
            if entries[index].name == name { return entries[index].spec }
            slot = (slot + 1) & mask
        }
    }
}

extension CommandSpec {
    init(_ descriptor: CommandDescriptor, index: UInt16) {
        self.init(
            effect: descriptor.effect, handling: descriptor.handling, commandClass: descriptor.commandClass,
            flags: descriptor.flags, arity: descriptor.arity, keys: descriptor.keys,
            degraded: descriptor.degraded, index: index)
    }
}
