import App

ServerCommand.main(arguments: Array(CommandLine.arguments.dropFirst()))
