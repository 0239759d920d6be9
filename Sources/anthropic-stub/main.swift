import EventLoop
import Glibc

let options = LaunchOptions(Array(CommandLine.arguments.dropFirst()))
DescriptorLimit.raise()
Task { @Reactor in Stub.launch(options) }
while true { pause() }
