import Glibc

// `bench` prints the table. `bench burst`, `paced`, `requests`, `slowloris`, `streams`, `footprint`, `encoders` or
// `first-token` prints a part of it. The exit status is 1 if a measurement fails or a target is missed.
//
// `bench relay <simulator> <home> <port>` and `bench tiny <response bytes> <port>` are the floors. Bench starts them
// beside the server, so that every figure has its floor from the same run. It also starts `bench trickle <connections>
// <port>`: the slow clients, which must not delay the measured ones.

let arguments = Array(CommandLine.arguments.dropFirst())
do {
  Descriptors.raiseLimit()
  // A write to a closed connection is an error, not a signal.
  _ = signal(SIGPIPE, SIG_IGN)
  switch arguments.first {
  case "relay" where arguments.count == 4:
    try RelayFloor(simulator: arguments[1], home: arguments[2], port: arguments[3]).run()
  case "tiny" where arguments.count == 3: try ResponderFloor(responseSize: arguments[1], port: arguments[2]).run()
  case "trickle" where arguments.count == 3: try SlowClients(connections: arguments[1], port: arguments[2]).run()
  default: try Bench(sections: arguments).run()
  }
} catch {
  Terminal.printError("bench: \(error)")
  exit(1)
}
