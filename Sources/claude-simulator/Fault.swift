import Glibc

/// A way to stop in the middle of an answer.
struct Fault {
  private enum Kind {
    case crash
    case kill
    case hang
    case hangHard
  }

  /// How many tokens come before it.
  let position: Int
  private let kind: Kind

  init?(_ directives: Directives) {
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

  func strike(_ console: Console, _ inbox: Inbox) throws(Interruption) {
    console.flush()
    switch kind {
    case .crash:
      console.complain("Error: simulated crash")
      console.leave(1)
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
    console.complain("Error: something went wrong")
    console.leave(1)
  }
}
