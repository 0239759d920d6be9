import Glibc

// `bench` prints the table, `bench burst`, `paced`, `requests`, `slowloris`, `streams`, `footprint`, `encoders` or
// `first-token` a part of it.
//
// `bench relay <simulator> <home> <port>` and `bench tiny <response bytes> <port>` are the floors: it starts them itself,
// beside the server, so that every figure has its floor from the same run. So it does `bench trickle <connections>
// <port>`, whose work must not delay the clients that take the time.

let arguments = Array(CommandLine.arguments.dropFirst())
do {
  Descriptors.raiseLimit()
  // A peer that is gone is an error of write, not the end.
  _ = signal(SIGPIPE, SIG_IGN)
  switch arguments.first {
  case "relay" where arguments.count == 4:
    try RelayFloor(simulator: arguments[1], home: arguments[2], port: arguments[3]).run()
  case "tiny" where arguments.count == 3: try TinyFloor(responseSize: arguments[1], port: arguments[2]).run()
  case "trickle" where arguments.count == 3: try Trickle(connections: arguments[1], port: arguments[2]).run()
  default: try Bench(sections: arguments).run()
  }
} catch {
  Terminal.complain("bench: \(error)")
  exit(1)
}
