import CLinux
import Glibc
import Synchronization
import System

/// One thread, one epoll: hands readiness to descriptor handlers, fires timers and runs the jobs of `Reactor`.
///
/// One turn of the loop: wait; dispatch readiness; fire due timers; run queued jobs; run end-of-turn work, where
/// connections send what the turn produced, with one system call each.
///
/// It is a task executor as well as a serial one: with a serial executor alone every resumption would go through the
/// global pool first (7–10 µs and extra threads).
public final class Loop: SerialExecutor, TaskExecutor {
  public static let main = Loop()

  private let epoll: Int32
  private let wakeUp: Int32
  private let inbox = Lock(Inbox())
  private let thread = Lock<pthread_t?>(nil)

  @Reactor private var handlers: [HandlerSlot] = []
  @Reactor private var generation: UInt32 = 0
  @Reactor private let timers = TimerHeap()
  @Reactor private var endOfTurn: [@Reactor () -> Void] = []
  @Reactor private var nextTurn: [@Reactor () -> Void] = []
  @Reactor private var scratch = [UInt8](repeating: 0, count: Loop.scratchSize)
  @Reactor private var wokenAt = ContinuousClock.now

  private struct Inbox {
    var jobs: [UnownedJob] = []
    var isWakeUpPending = false
  }

  private struct HandlerSlot {
    var handler: (any DescriptorHandler)?
    var generation: UInt32
  }

  /// How much one read takes at most: a pipe's capacity.
  private static let scratchSize = 64 * 1024
  private static let eventsPerWait = 256

  private init() {
    epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
    wakeUp = eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK))
    // Without these two descriptors there is no server to report a failure through.
    precondition(epoll >= 0 && wakeUp >= 0, "no descriptors left for the event loop")
    var event = unsafe epoll_event()
    unsafe clinux_epoll_set(&event, Readiness.readable.rawValue, Loop.wakeUpToken)
    let registered = unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, wakeUp, &event)
    precondition(registered == 0, "the event loop's wake-up descriptor was refused")
    startThread()
  }

  private func startThread() {
    var handle = pthread_t()
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    let started = unsafe pthread_create(
      &handle, nil,
      { context in
        // Proof: `context` is the retained Loop passed two lines above; the thread never ends, so neither does the loop.
        guard let context = unsafe context else { return nil }
        unsafe Unmanaged<Loop>.fromOpaque(context).takeUnretainedValue().runForever()
        return nil
      }, context)
    precondition(started == 0, "the event loop's thread was refused")
  }

  // MARK: Executor

  public func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let needsWakeUp = inbox.withLock { inbox in
      inbox.jobs.append(job)
      guard !inbox.isWakeUpPending else { return false }
      inbox.isWakeUpPending = true
      return true
    }
    // On the loop's own thread the inbox is looked at again before the next wait.
    if needsWakeUp && !isCurrent { eventfd_write(wakeUp, 1) }
  }

  public func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }
  public func asUnownedTaskExecutor() -> UnownedTaskExecutor { unsafe UnownedTaskExecutor(ordinary: self) }

  public func checkIsolated() { precondition(isCurrent, "not on the event loop") }

  /// Whether the caller is on the loop's thread.
  public var isCurrent: Bool {
    let current = pthread_self()
    return thread.withLock { $0 == current }
  }

  // MARK: The turn

  private func runForever() {
    thread.withLock { $0 = pthread_self() }
    blockBrokenPipeSignal()
    var events = unsafe [epoll_event](repeating: epoll_event(), count: Loop.eventsPerWait)
    while true {
      let timeout = Reactor.assumeIsolated { waitTime() }
      let count = unsafe epoll_wait(epoll, &events, Int32(events.count), timeout)
      Reactor.assumeIsolated {
        wokenAt = .now
        for index in 0..<Int(max(count, 0)) {
          dispatch(
            unsafe clinux_epoll_token(&events[index]),
            Readiness(rawValue: unsafe clinux_epoll_events(&events[index])))
        }
        fireTimers()
      }
      runJobs()
      Reactor.assumeIsolated { finishTurn() }
    }
  }

  // A write to a pipe whose reader is gone must fail with EPIPE, not end the program; sockets have MSG_NOSIGNAL.
  private func blockBrokenPipeSignal() {
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGPIPE)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
  }

  @Reactor
  private func waitTime() -> Int32 {
    guard nextTurn.isEmpty, inbox.withLock({ $0.jobs.isEmpty }) else { return 0 }
    guard let earliest = timers.earliest else { return -1 }
    let wait = earliest - ContinuousClock.now
    // Rounded up: waking a fraction of a millisecond early would spin until the timer is due.
    let milliseconds = wait.components.seconds * 1000 + wait.components.attoseconds / 1_000_000_000_000_000 + 1
    return Int32(clamping: max(0, milliseconds))
  }

  @Reactor
  private func dispatch(_ token: UInt64, _ readiness: Readiness) {
    guard token != Loop.wakeUpToken else { return acknowledgeWakeUp() }
    let slot = Int(token & 0xFFFF_FFFF)
    // An event of a closed descriptor may still be in this batch, for a number that has a new owner by now.
    guard slot < handlers.count, handlers[slot].generation == UInt32(token >> 32) else { return }
    handlers[slot].handler?.descriptorIsReady(readiness)
  }

  // Order matters: read the eventfd, then clear the flag, then drain. The other way round loses wake-ups under load.
  private func acknowledgeWakeUp() {
    var value: eventfd_t = 0
    unsafe eventfd_read(wakeUp, &value)
  }

  private func runJobs() {
    let jobs = inbox.withLock { inbox in
      inbox.isWakeUpPending = false
      defer { inbox.jobs = [] }
      return inbox.jobs
    }
    for job in jobs {
      unsafe job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }
  }

  @Reactor
  private func fireTimers() {
    while let timer = timers.popDue(at: wokenAt) { timer.fire() }
  }

  @Reactor
  private func finishTurn() {
    let continued = nextTurn
    nextTurn = []
    for action in continued { action() }
    while !endOfTurn.isEmpty {
      let actions = endOfTurn
      endOfTurn = []
      for action in actions { action() }
    }
  }

  // MARK: Descriptors

  private static let wakeUpToken = UInt64.max

  /// Watches a descriptor; `handler` is retained until `unregister`.
  @Reactor
  func register(_ descriptor: Int32, _ handler: any DescriptorHandler) throws(SystemCallError) {
    generation &+= 1
    let slot = Int(descriptor)
    while handlers.count <= slot { handlers.append(HandlerSlot(handler: nil, generation: 0)) }
    var event = unsafe epoll_event()
    let token = UInt64(generation) << 32 | UInt64(slot)
    unsafe clinux_epoll_set(&event, Readiness.interest, token)
    guard unsafe epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else { throw SystemCallError("epoll_ctl") }
    handlers[slot] = HandlerSlot(handler: handler, generation: generation)
  }

  /// To be called before the descriptor is closed: a child that was just spawned may still have a copy of it, and the
  /// kernel would continue to report events.
  @Reactor
  func unregister(_ descriptor: Int32) {
    var unused = unsafe epoll_event()
    unsafe epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &unused)
    if Int(descriptor) < handlers.count {
      handlers[Int(descriptor)] = HandlerSlot(handler: nil, generation: 0)
    }
  }

  // MARK: Work

  /// Calls `action` when this turn's events and jobs are done, before the loop waits again.
  @Reactor
  public func atEndOfTurn(_ action: @escaping @Reactor () -> Void) { endOfTurn.append(action) }

  /// Calls `action` after all other ready descriptors were handled once: for handlers that have more to do but must not
  /// starve the others.
  @Reactor
  public func onNextTurn(_ action: @escaping @Reactor () -> Void) { nextTurn.append(action) }

  /// Lends the loop's read buffer. A nested call gets a buffer of its own.
  @Reactor
  func withScratch<Result>(_ body: (inout [UInt8]) -> Result) -> Result {
    var buffer: [UInt8] = []
    swap(&buffer, &scratch)
    if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: Loop.scratchSize) }
    defer { swap(&buffer, &scratch) }
    return body(&buffer)
  }
}

extension Loop: Scheduler {
  @Reactor public var now: ContinuousClock.Instant { wokenAt }

  @Reactor
  public func schedule(after delay: Duration, _ action: @escaping @Reactor () -> Void) -> any ScheduledTimer {
    let timer = LoopTimer(deadline: ContinuousClock.now + delay, heap: timers, action: action)
    timers.insert(timer)
    return timer
  }
}
