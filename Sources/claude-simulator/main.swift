Simulator(arguments: Array(CommandLine.arguments.dropFirst())).run()
