import Glibc

/// The floor for streams: each connection is piped to its own CLI process and back. One epoll, one read and one write
/// for each wake-up; no HTTP, no lines, no parsing.
final class RelayFloor {
  private enum Role {
    case none
    case listener
    case socket(output: Int32, input: Int32)
    case output(socket: Int32)
  }

  private let simulator: String
  /// Where the simulators keep their sessions.
  private let home: String
  private let port: UInt16
  private var poller: Poller
  private var roles = [Role](repeating: .none, count: 4096)
  /// Whether a process has closed its output.
  private var isOver = [Bool](repeating: false, count: 4096)
  /// Bytes that a socket has not accepted yet. Until it has, its process is not read.
  private var unsent = [[UInt8]](repeating: [], count: 4096)
  private var buffer = [UInt8](repeating: 0, count: 64 * 1024)
  /// The process of each connection.
  private var children: [Int: Program] = [:]

  /// The arguments of the server for a stream.
  private static let arguments = [
    "-p", "--verbose", "--output-format=stream-json", "--input-format=stream-json", "--include-partial-messages",
    "--permission-prompt-tool=stdio", "--strict-mcp-config",
  ]

  init(simulator: String, home: String, port: String) throws {
    guard let port = UInt16(port) else { throw BenchFailure("no port: \(port)") }
    self.simulator = simulator
    self.home = home
    self.port = port
    poller = try Poller()
  }

  func run() throws -> Never {
    // The kernel reaps the children.
    _ = signal(SIGCHLD, SIG_IGN)
    let listener = try Descriptors.listen(on: port)
    roles[Int(listener)] = .listener
    try poller.watch(listener)
    while true {
      poller.wait()
      for event in poller.ready { try handle(event.descriptor, isHungUp: event.isHungUp) }
    }
  }

  private func handle(_ descriptor: Int32, isHungUp: Bool) throws {
    switch roles[Int(descriptor)] {
    case .none: break
    case .listener: while let socket = Descriptors.accept(from: descriptor) { try begin(socket) }
    case .output(let socket):
      if isHungUp { isOver[Int(descriptor)] = true }
      if unsent[Int(socket)].isEmpty { relay(descriptor, to: socket) }
    case .socket(let output, let input):
      if input >= 0 { forward(descriptor, output, input) }
      if !unsent[Int(descriptor)].isEmpty { resume(descriptor, output) }
    }
  }

  private func begin(_ socket: Int32) throws {
    let child = try Program(
      simulator, RelayFloor.arguments, environment: ["PATH": "/usr/bin:/bin", "HOME": home], isConnected: true)
    roles[Int(socket)] = .socket(output: child.output, input: child.input)
    roles[Int(child.output)] = .output(socket: socket)
    try poller.watch(socket)
    try poller.watch(child.output)
    children[Int(socket)] = child
  }

  private func forward(_ socket: Int32, _ output: Int32, _ input: Int32) {
    while true {
      let count = Descriptors.read(socket, into: &buffer)
      guard count > 0 else {
        guard count == 0 || errno != EAGAIN else { return }
        close(input)
        roles[Int(socket)] = .socket(output: output, input: -1)
        return
      }
      _ = Descriptors.write(input, buffer, 0..<count)
    }
  }

  private func relay(_ output: Int32, to socket: Int32) {
    while true {
      let count = Descriptors.read(output, into: &buffer)
      guard count > 0 else {
        if count == 0 || errno != EAGAIN { finish(output, socket) }
        return
      }
      let taken = max(0, Descriptors.write(socket, buffer, 0..<count))
      if taken < count {
        unsent[Int(socket)] = Array(buffer[taken..<count])
        return
      }
      // A short read has emptied the pipe. epoll reports its end only once, perhaps together with these bytes.
      if count < buffer.count && !isOver[Int(output)] { return }
    }
  }

  private func resume(_ socket: Int32, _ output: Int32) {
    let rest = unsent[Int(socket)]
    let taken = max(0, Descriptors.write(socket, rest, 0..<rest.count))
    unsent[Int(socket)] = Array(rest[taken...])
    if taken == rest.count { relay(output, to: socket) }
  }

  private func finish(_ output: Int32, _ socket: Int32) {
    if case .socket(_, let input) = roles[Int(socket)], input >= 0 { close(input) }
    for descriptor in [output, socket] {
      roles[Int(descriptor)] = .none
      isOver[Int(descriptor)] = false
      close(descriptor)
    }
    unsent[Int(socket)] = []
    children[Int(socket)]?.detach()
    children[Int(socket)] = nil
  }
}
