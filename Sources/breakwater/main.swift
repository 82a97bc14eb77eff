internal import Commands

await Breakwater.start()
