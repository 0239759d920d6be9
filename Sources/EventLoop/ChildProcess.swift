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

/// Hears of a child's output and its end. Calls come on the loop; `childDidExit` is the last.
@Reactor
public protocol ChildProcessOwner: AnyObject {
  func childDidWrite(output: Span<UInt8>)
  func childDidWrite(errors: Span<UInt8>)
  /// Nothing more comes on standard output. Its exit follows at once, as a rule.
  func childDidCloseOutput()
  /// The child is gone and reaped; everything it wrote has been handed over.
  func childDidExit(_ status: ExitStatus)
}

extension ChildProcessOwner {
  public func childDidCloseOutput() {}
}

/// A running child and its three pipes. It has one owner, and one way down: `tearDown`.
@Reactor
public final class ChildProcess {
  public let pid: Int32
  public private(set) var exitStatus: ExitStatus?
  /// Bytes written to the child's standard input that its pipe has not taken yet.
  public var unsentInput: Int { pendingInput.count }

  /// Not weak, though the owner holds the child: every access to an object that was ever weakly held takes a slow path.
  /// Let go of when the child is gone, and it always goes.
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
  /// Whether the other end of standard output is closed: what is in the pipe is all there will be.
  private var hasOutputHungUp = false
  private var teardown: ChildTeardown?
  /// Everything seen below this child while it was on its way down; what of it survives the child is ended after it.
  private var family: Set<ProcessIdentity> = []

  /// Children that run and are looked after.
  private(set) static var livePIDs: Set<Int32> = []

  /// How many reads of one pipe are done before other descriptors get a turn.
  private static let readsPerTurn = 4

  /// Starts `command`.
  ///
  /// - Parameter marker: `NAME=value`, put into the child's environment. A later server finds by it what this one left
  ///   behind if it is killed; see `Orphans`.
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
      // Out of watches: nobody would ever reap it.
      kill(pid, SIGKILL)
      waitpid(pid, nil, 0)
      // A channel closes what it was given, also when it fails; what was given to none is closed here.
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

  /// Closes standard input once everything queued has been taken.
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

  /// Stops reading standard output; the pipe fills and the child waits.
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
      // A short read: the end behind it was part of the same event, and no other one will come.
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

  /// Takes the child and everything below it down, step by step; later calls change nothing unless they are faster.
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

  /// Kills the child and each process below it. A group would not do: the CLI's tools have groups of their own.
  func killTree() {
    noteFamily()
    // The child first, so that it cannot answer the end of what it started.
    signal(SIGKILL)
    for member in family { member.signal(SIGKILL) }
  }

  /// Remembers what runs below the child, before it is told to end: afterwards it no longer hangs there.
  func noteFamily() { family.formUnion(ProcessTable.recent().descendants(of: pid)) }

  /// Whether anything runs that the child, or something below it, has started since `ticks`; see `ProcessTable.now`.
  public func hasFamily(since ticks: UInt64) -> Bool {
    ProcessTable().descendants(of: pid).contains { $0.startTime >= ticks && $0.isAlive }
  }

  /// Whether more than `limit` processes that were orphaned below the child have ended without being reaped. They came
  /// to it as subreaper, and it does not know them: each holds a process id until the child ends.
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

  // The pipe's capacity bounds what can be left in it; a grandchild that holds it open must not keep us here.
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

  /// Waits until nothing is left of any child that has ended.
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
