import EventLoop
import Glibc
import System

let options = LaunchOptions(Array(CommandLine.arguments.dropFirst()))
ProcessControl.raiseDescriptorLimit()
Task { @Reactor in Stub.launch(options) }
while true { pause() }
