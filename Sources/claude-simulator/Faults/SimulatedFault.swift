import Directives
import Glibc

/// A failure in the middle of an answer.
struct SimulatedFault {
  private enum Kind {
    case crash
    case kill
    case hang
    case hangHard
  }

  /// How many tokens the answer has before it.
  let position: Int
  private let kind: Kind

  init?(_ directives: SimulatorDirectives) {
    if let count = directives[.crash] {
      (kind, position) = (.crash, count)
    } else if let count = directives[.kill] {
      (kind, position) = (.kill, count)
    } else if directives.has(.hangHard) {
      (kind, position) = (.hangHard, directives[.hang] ?? 0)
    } else if let count = directives[.hang] {
      (kind, position) = (.hang, count)
    } else {
      return nil
    }
  }

  func strike(_ console: Console, _ inbox: Inbox) throws(TurnInterrupted) {
    console.flush()
    switch kind {
    case .crash:
      console.printError("Error: simulated crash")
      console.exit(1)
    case .kill:
      Glibc.kill(getpid(), SIGKILL)
    case .hang:
      try inbox.hang()
    case .hangHard:
      inbox.conversation.becomeStubborn()
      console.stopReading()
      try inbox.hang()
    }
  }

  static func stderrOnly(_ console: Console) -> Never {
    console.printError("Error: something went wrong")
    console.exit(1)
  }
}
