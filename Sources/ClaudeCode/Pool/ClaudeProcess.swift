import Bytes
import EventLoop
import System

/// Receives the output of a CLI process.
@Reactor
protocol ClaudeProcessOwner: AnyObject {
  func processDidEmit(_ message: StreamMessage, in line: Span<UInt8>)
  /// All lines of one read were delivered.
  func processDidPause()
  /// The model calls a function of the client; `ClaudeProcess.send` takes the response.
  func processDidCall(_ call: FunctionCall)
  /// The process can emit nothing more; its exit usually follows at once.
  func processDidCloseOutput()
  func processDidExit(_ status: ExitStatus)
}

extension ClaudeProcessOwner {
  func processDidPause() {}
  func processDidCall(_ call: FunctionCall) {}
  func processDidCloseOutput() {}
}

/// A live CLI process: it serves one session for its whole life, one turn at a time.
@Reactor
final class ClaudeProcess: ChildProcessOwner {
  /// The session that it serves. A universal spare has none before it is claimed.
  private(set) var sessionID: String
  private(set) var fingerprint: Fingerprint
  /// A strong reference, though the owner holds the process: a run drops both when it ends, and every run ends. Each
  /// access to an object that was ever weakly referenced takes a slow path, and this one is accessed several times for
  /// each event.
  var owner: (any ClaudeProcessOwner)?
  private(set) var standardError = ""
  /// Lines that were not JSON objects; they are skipped.
  private(set) var junkLines = 0
  /// What `initialize` has fixed; nil for a spare.
  private(set) var initialization: Initialization?
  /// Turns that it was given.
  private(set) var turns = 0
  /// Whether it has emitted anything: the process is up.
  private(set) var isReady = false
  /// Whether its standard output has ended: no more results will come.
  private(set) var hasClosedOutput = false
  /// Whether the CLI has begun its latest turn. It would lose an interrupt before that (CLI 2.1.329).
  private(set) var hasBegunTurn = false
  /// US dollars up to its latest result.
  var cost = 0.0
  /// The same at the beginning of its latest turn.
  private var costBefore = 0.0
  /// US dollars of its latest turn, once that has a result.
  var turnCost: Double { cost - costBefore }
  /// When its latest turn began.
  private var turnBegan = ProcessTable.now
  private var model: String?
  private var permissionMode: PermissionMode?
  private var functionServer: FunctionServer?
  private var child: ChildProcess?
  private var framer = LineFramer()
  private let onReady: @Reactor (ClaudeProcess) -> Void
  private let onExit: @Reactor (ClaudeProcess) -> Void

  /// The reason is at the end of standard error.
  static let standardErrorTail = 4 * 1024

  /// - Parameters:
  ///   - id: unique for each process; marks it and everything it starts.
  ///   - onReady: called once, when the process is up.
  ///   - onExit: called when the process is gone and reaped, in any case.
  init(
    _ command: ChildCommand, _ fingerprint: Fingerprint, sessionID: String, id: String,
    onReady: @escaping @Reactor (ClaudeProcess) -> Void, onExit: @escaping @Reactor (ClaudeProcess) -> Void
  ) throws(SystemCallError) {
    self.sessionID = sessionID
    self.fingerprint = fingerprint
    self.onReady = onReady
    self.onExit = onExit
    model = fingerprint.model
    permissionMode = fingerprint.permissionMode
    child = try ChildProcess(command, marker: ProcessOwner.current.marker(id), owner: self)
  }

  /// Adapts the process to a turn, and gives it the turn.
  ///
  /// - Parameters:
  ///   - id: the suffix of the ids of the turn's control requests.
  ///   - line: the user's message; nil if `send` will write it later.
  func begin(_ turn: Turn, as requested: Fingerprint, id: String, line: [UInt8]?) {
    var lines = initialization == nil ? initialize(Initialization(turn), id: "init-\(id)") : []
    if model != requested.model { lines += ControlMessage.setModel(id: "model-\(id)", requested.model) }
    if permissionMode != requested.permissionMode {
      lines += ControlMessage.setPermissionMode(id: "mode-\(id)", requested.permissionMode)
    }
    (model, permissionMode) = (requested.model, requested.permissionMode)
    turns += 1
    costBefore = cost
    turnBegan = ProcessTable.now
    hasBegunTurn = false
    child?.write(lines + (line ?? []))
  }

  /// Sets up the process for its first turn.
  ///
  /// - Returns: the line to send.
  func initialize(_ frozen: Initialization, id: String) -> [UInt8] {
    initialization = frozen
    if !frozen.functions.isEmpty { functionServer = FunctionServer(functions: frozen.functions) }
    return ControlMessage.initialize(id: id, frozen)
  }

  /// The process was claimed: it belongs to this session, as if it had been started for it.
  func adopt(session: String, _ requested: Fingerprint) {
    sessionID = session
    fingerprint = requested
    permissionMode = requested.permissionMode
    // The claim has left the model as it was.
    fingerprint.model = model
  }

  /// Takes the total cost at the turn's end. A lower total than before means that the CLI counts from zero again.
  func count(_ total: Double) {
    if total < costBefore { costBefore = 0 }
    cost = total
  }

  /// How many zombies a process may have and still serve another turn. Each counts against the task limit that the
  /// system sets for the server, 4,096 in the examples.
  static let maximumZombies = 256

  /// Whether it can serve a further turn of its session.
  func canServe(_ requested: Fingerprint, _ requestedInitialization: Initialization) -> Bool {
    initialization == requestedInitialization && fingerprint.canServe(requested)
      && child?.hasZombies(beyond: ClaudeProcess.maximumZombies) == false
  }

  /// Whether something that was started during its latest turn still runs.
  var hasLeftovers: Bool { child?.hasFamily(since: turnBegan) == true }

  var pid: Int32 { child?.pid ?? 0 }

  func send(_ line: [UInt8]) { child?.write(line) }
  func pauseOutput() { child?.pauseOutput() }
  func resumeOutput() { child?.resumeOutput() }
  func tearDown(_ steps: [ChildTeardown.Step], _ scheduler: any Scheduler) {
    child?.tearDown(steps, scheduler: scheduler)
  }

  func childDidWrite(output: Span<UInt8>) {
    framer.push(output) { take($0) }
    owner?.processDidPause()
  }

  private func take(_ line: Span<UInt8>) {
    guard !line.isEmpty else { return }
    guard line[0] == Ascii.openBrace, let message = StreamMessage(scanning: line) else {
      junkLines += 1
      return
    }
    if !isReady {
      isReady = true
      onReady(self)
    }
    if message.kind == .controlRequest, answerAsServer(line) { return }
    if !hasBegunTurn, message.isInitialization(line) { hasBegunTurn = true }
    owner?.processDidEmit(message, in: line)
  }

  /// The process itself answers the CLI's requests to the MCP server, with or without a run.
  ///
  /// - Returns: whether the line was such a request.
  private func answerAsServer(_ line: Span<UInt8>) -> Bool {
    guard let functionServer, let value = try? JSONValue(parsing: line), let id = value["request_id"]?.string,
      value["request"]?["subtype"]?.string == "mcp_message", let message = value["request"]?["message"]
    else { return false }
    switch functionServer.reply(to: message, requestID: id) {
    case .answer(let answer): send(ControlMessage.mcp(id: id, answer))
    case .call(let call): owner?.processDidCall(call)
    }
    return true
  }

  func childDidWrite(errors: Span<UInt8>) {
    standardError += errors.text(in: 0..<errors.count)
    if standardError.utf8.count > 2 * ClaudeProcess.standardErrorTail {
      standardError = String(decoding: standardError.utf8.suffix(ClaudeProcess.standardErrorTail), as: UTF8.self)
    }
  }

  func childDidCloseOutput() {
    hasClosedOutput = true
    owner?.processDidCloseOutput()
  }

  func childDidExit(_ status: ExitStatus) {
    framer.finish { take($0) }
    child = nil
    owner?.processDidExit(status)
    onExit(self)
  }
}

extension StreamMessage {
  /// `system/init`: the CLI begins a turn.
  func isInitialization(_ line: Span<UInt8>) -> Bool {
    guard kind == .system, let subtype else { return false }
    return line.matches(subtype, "init")
  }

  /// Whether the line belongs to a turn, rather than to the process.
  func isOfTurn(_ line: Span<UInt8>) -> Bool {
    switch kind {
    case .streamEvent, .assistant, .user, .result: true
    case .system: isInitialization(line)
    case .controlRequest, .controlResponse, .controlCancelRequest, .transcriptMirror, .other: false
    }
  }
}
