import EventLoop

/// Connections that have more input than one read takes. A few of them are read in each turn of the loop, so that many
/// clients that send without end delay the loop no more than one does.
@Reactor
final class ReadQueue {
  private let perTurn: Int
  /// In the order of their wait.
  private var waiting: [HTTPConnection] = []

  /// - Parameter perTurn: how many connections are read in one turn.
  init(perTurn: Int) { self.perTurn = perTurn }

  func add(_ connection: HTTPConnection) {
    if waiting.isEmpty { schedule() }
    waiting.append(connection)
  }

  private func schedule() {
    Loop.main.onNextTurn { [self] in
      let next = Array(waiting.prefix(perTurn))
      waiting.removeFirst(next.count)
      if !waiting.isEmpty { schedule() }
      for connection in next { connection.receiveInTurn() }
    }
  }
}
