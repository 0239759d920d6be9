import Dispatch

/// Runs an actor's work on threads of its own, one piece after the other.
///
/// An ordinary actor is not enough: its work runs on the executor that the calling task prefers, and a task of the
/// event loop prefers the loop (SE-0417). Disk writes and checksums of megabytes must not run there.
final class BackgroundExecutor: SerialExecutor {
  private let queue: DispatchQueue

  init(label: String) { queue = DispatchQueue(label: label) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }
}
