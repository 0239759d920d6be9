import Bytes
import CLinux
import Glibc
public import System

/// How a child ended.
public enum ExitStatus: Sendable, Equatable, CustomStringConvertible {
  case exited(Int32)
  case signaled(Int32)

  public var description: String {
    switch self {
    case .exited(let code): "exit status \(code)"
    case .signaled(let signal): "signal \(signal)"
    }
  }
}

/// Receives a child's output and its end, on the loop; `childDidExit` is the last call.
@Reactor
public protocol ChildProcessOwner: AnyObject {
  func childDidWrite(output: Span<UInt8>)
  func childDidWrite(errors: Span<UInt8>)
  /// No more standard output comes; the exit usually follows at once.
  func childDidCloseOutput()
  /// The child has exited and was reaped; all its output was delivered.
  func childDidExit(_ status: ExitStatus)
}

extension ChildProcessOwner {
  public func childDidCloseOutput() {}
}

/// A running child and its three pipes. It has one owner and one teardown.
@Reactor
public final class ChildProcess {
  public let pid: Int32
  public private(set) var exitStatus: ExitStatus?
  /// Bytes queued for the child's standard input that its pipe has not taken.
  public var unsentInput: Int { pendingInput.count }

  /// A strong reference, though the owner holds the child: every access to an object that was ever weakly referenced
  /// takes a slow path. It is dropped when the child exits, which it always does.
  private var owner: (any ChildProcessOwner)?
  private let marker: String
  private var input: Channel?
  private var output: Channel?
  private var errors: Channel?
  private var exit: Channel?
  private let pidDescriptor: Int32
  private var pendingInput = OutgoingBytes()
  private var closesInputWhenSent = false
  private var isOutputPaused = false
  /// Whether the other end of standard output is closed: the pipe has all that will come.
  private var hasOutputHungUp = false
  private var teardown: ChildTeardown?
  /// All descendants seen during the teardown; those that survive the child are ended after it.
  private var family: Set<ProcessIdentity> = []

  /// Running children.
  private(set) static var livePIDs: Set<Int32> = []

  /// How many reads of one pipe are done before other descriptors get a turn.
  private static let readsPerTurn = 4

  /// Starts `command`.
  ///
  /// - Parameter marker: `NAME=value`, added to the child's environment. A later server finds leftovers of a killed one
  ///   by it; see `Orphans`.
  public init(_ command: ChildCommand, marker: (name: String, value: String), owner: any ChildProcessOwner)
    throws(SystemCallError)
  {
    var command = command
    command.environment[marker.name] = marker.value
    let spawned = try command.spawn()
    self.owner = owner
    self.marker = "\(marker.name)=\(marker.value)"
    pid = spawned.pid
    pidDescriptor = spawned.pidDescriptor
    do {
      input = try watch(spawned.input) { child, _ in child.sendInput() }
      output = try watch(spawned.output) { $0.outputIsReady($1) }
      errors = try watch(spawned.errors) { child, _ in child.readErrors() }
      exit = try watch(spawned.pidDescriptor) { child, _ in child.reap() }
      ChildProcess.livePIDs.insert(pid)
    } catch {
      // Without a watch nothing would ever reap it.
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
      // A channel closes its descriptor even if it fails; those without a channel are closed here.
      let given = 1 + [input, output, errors].count { $0 != nil }
      for descriptor in [spawned.input, spawned.output, spawned.errors, spawned.pidDescriptor].dropFirst(given) {
        close(descriptor)
      }
      closeAll()
      throw error
    }
  }

  private func watch(
    _ descriptor: Int32, _ action: @escaping @Reactor (ChildProcess, Readiness) -> Void
  ) throws(SystemCallError) -> Channel {
    try Channel(adopting: descriptor, kind: .pipe, handler: ChildPipeHandler(self, action))
  }

  // MARK: Input

  /// Queues bytes for the child's standard input. After the child is gone, or its input closed, they are dropped.
  public func write(_ bytes: [UInt8]) {
    guard input != nil, !closesInputWhenSent else { return }
    pendingInput.append(bytes)
    sendInput()
  }

  /// Closes standard input once everything queued was written.
  public func closeInput() {
    closesInputWhenSent = true
    sendInput()
  }

  private func sendInput() {
    guard let input else { return }
    while !pendingInput.isEmpty {
      switch pendingInput.withNext({ input.write($0) }) {
      case .wrote(0): return
      case .wrote(let count): pendingInput.consume(count)
      case .failed: return dropInput()  // EPIPE: the child's exit says more
      }
    }
    if closesInputWhenSent { dropInput() }
  }

  private func dropInput() {
    pendingInput.removeAll()
    input?.close()
    input = nil
  }

  // MARK: Output

  /// Stops reading standard output; the pipe fills and the child blocks.
  public func pauseOutput() { isOutputPaused = true }

  public func resumeOutput() {
    guard isOutputPaused else { return }
    isOutputPaused = false
    Loop.main.onNextTurn { [self] in readOutput() }
  }

  private func outputIsReady(_ readiness: Readiness) {
    if readiness.contains(.hungUp) { hasOutputHungUp = true }
    readOutput()
  }

  private func readOutput() {
    for _ in 0..<ChildProcess.readsPerTurn {
      guard !isOutputPaused, let output else { return }
      switch output.read({ owner?.childDidWrite(output: $0) }) {
      // After a short read: the hang-up was part of the same event, and no other event will come.
      case .drained where hasOutputHungUp: continue
      case .drained: return
      case .more: continue
      case .end, .failed:
        output.close()
        self.output = nil
        owner?.childDidCloseOutput()
        return
      }
    }
    Loop.main.onNextTurn { [self] in readOutput() }
  }

  private func readErrors() {
    for _ in 0..<ChildProcess.readsPerTurn {
      guard let errors else { return }
      switch errors.read({ owner?.childDidWrite(errors: $0) }) {
      case .drained: return
      case .more: continue
      case .end, .failed:
        errors.close()
        self.errors = nil
        return
      }
    }
    Loop.main.onNextTurn { [self] in readErrors() }
  }

  // MARK: End

  /// Ends the child and everything below it, step by step. A later call has no effect unless it is faster.
  public func tearDown(_ steps: [ChildTeardown.Step], scheduler: any Scheduler = Loop.main) {
    guard exitStatus == nil else { return }
    teardown?.cancel()
    teardown = ChildTeardown(self, steps, scheduler)
    teardown?.proceed()
  }

  public func signal(_ signal: Int32) {
    guard exitStatus == nil else { return }
    kill(pid, signal)
  }

  /// Kills the child and each process below it. Killing a group is not enough: the CLI's tools have groups of their
  /// own.
  func killTree() {
    noteFamily()
    // The child first, so that it cannot react to the end of its descendants.
    signal(SIGKILL)
    for member in family { member.signal(SIGKILL) }
  }

  /// Records the descendants before the child is ended: afterwards they are no longer below it.
  func noteFamily() { family.formUnion(ProcessTable.recent().descendants(of: pid)) }

  /// Whether anything that the child or a descendant has started since `ticks` still runs; see `ProcessTable.now`.
  public func hasFamily(since ticks: UInt64) -> Bool {
    ProcessTable().descendants(of: pid).contains { $0.startTime >= ticks && $0.isAlive }
  }

  /// Whether more than `limit` descendants of the child are unreaped zombies. They came to it as subreaper, and it does
  /// not know them: each holds a process id until the child exits.
  public func hasZombies(beyond limit: Int) -> Bool { ProcessTable.zombies(of: pid, beyond: limit) > limit }

  private func reap() {
    var code: Int32 = 0
    var status: Int32 = 0
    guard exitStatus == nil, unsafe clinux_reap(pidDescriptor, &code, &status) == 1 else { return }
    let ended: ExitStatus = code == Int32(CLD_EXITED) ? .exited(status) : .signaled(status)
    teardown?.cancel()
    drain()
    exitStatus = ended
    closeAll()
    ChildProcess.livePIDs.remove(pid)
    FamilyReaper.shared.take(family, marker: marker)
    let owner = self.owner
    self.owner = nil
    owner?.childDidExit(ended)
  }

  // The pipe's capacity bounds what can be left in it; a grandchild that holds it open must not delay this.
  private func drain() {
    isOutputPaused = false
    for _ in 0..<ChildProcess.readsPerTurn { readOutput() }
    for _ in 0..<ChildProcess.readsPerTurn { readErrors() }
  }

  private func closeAll() {
    dropInput()
    output?.close()
    errors?.close()
    exit?.close()
    output = nil
    errors = nil
    exit = nil
  }

  /// Waits until no descendant of an exited child is left.
  public static func familiesEnded() async {
    await withCheckedContinuation { continuation in FamilyReaper.shared.whenIdle { continuation.resume() } }
  }
}

/// Connects one pipe's readiness to its child, and keeps the child alive while the pipe is open.
@Reactor
private final class ChildPipeHandler: DescriptorHandler {
  private let child: ChildProcess
  private let action: @Reactor (ChildProcess, Readiness) -> Void

  init(_ child: ChildProcess, _ action: @escaping @Reactor (ChildProcess, Readiness) -> Void) {
    self.child = child
    self.action = action
  }

  func descriptorIsReady(_ readiness: Readiness) { action(child, readiness) }
}
