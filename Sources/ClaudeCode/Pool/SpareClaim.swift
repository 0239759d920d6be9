import Bytes
import EventLoop
import System

/// Binds a universal spare to a turn: to its directory, permission mode, tools, prompts and functions (`claim_session`,
/// CLI 2.1.329).
@Reactor
final class SpareClaim: ClaudeProcessOwner {
  /// Why a claim failed.
  enum Failure: Error, Equatable {
    /// The CLI refused, for instance because the directory has settings that apply at a start only.
    case refused(String)
    case late
    case exited
    /// The directory is not where it was, or the process did not move there.
    case wrongDirectory
  }

  private let process: ClaudeProcess
  private let requested: Fingerprint
  private let scheduler: any Scheduler
  private var timer: (any ScheduledTimer)?
  private var waiting: CheckedContinuation<Result<String, Failure>, Never>?
  /// The ids of control requests without a response.
  private var open: Set<String> = []
  private static let claimID = "claim"
  private static let flagsID = "claim-flags"

  init(_ process: ClaudeProcess, for requested: Fingerprint, _ scheduler: any Scheduler) {
    self.process = process
    self.requested = requested
    self.scheduler = scheduler
  }

  /// Claims the process.
  ///
  /// - Parameter timeout: how long the CLI may take.
  /// - Throws: why the process is unfit; nothing of the turn has reached it.
  func run(_ initialization: Initialization, timeout: Duration) async throws(Failure) {
    guard let identity = requested.directoryIdentity else { throw .wrongDirectory }
    let session = try await response(to: initialization, timeout: timeout).get()
    guard FileIdentity(ofWorkingDirectoryOf: process.pid) == identity else { throw .wrongDirectory }
    process.adopt(session: session, requested)
  }

  private func response(
    to initialization: Initialization, timeout: Duration
  ) async -> Result<String, Failure> {
    await withCheckedContinuation { continuation in
      waiting = continuation
      process.owner = self
      timer = scheduler.schedule(after: timeout) { [self] in end(.failure(.late)) }
      // Rules of tools have to come before the claim.
      var lines = process.initialize(initialization, id: "init-claim")
      if let flags = ControlMessage.applyFlags(id: Self.flagsID, requested) {
        lines += flags
        open.insert(Self.flagsID)
      }
      lines += ControlMessage.claimSession(id: Self.claimID, requested)
      open.insert(Self.claimID)
      process.send(lines)
    }
  }

  private var session = ""

  func processDidEmit(_ message: StreamMessage, in line: Span<UInt8>) {
    guard message.kind == .controlResponse, let response = (try? JSONValue(parsing: line))?["response"],
      let id = response["request_id"]?.string, open.contains(id)
    else { return }
    guard response["subtype"] == "success" else {
      return end(.failure(.refused(response["error"]?.string ?? "no reason")))
    }
    open.remove(id)
    if id == Self.claimID { session = response["response"]?["session_id"]?.string ?? "" }
    guard open.isEmpty else { return }
    guard let session = UUIDText.normalized(session) else { return end(.failure(.refused("no session id"))) }
    end(.success(session))
  }

  func processDidExit(_ status: ExitStatus) { end(.failure(.exited)) }

  private func end(_ outcome: Result<String, Failure>) {
    guard let waiting else { return }
    self.waiting = nil
    timer?.cancel()
    process.owner = nil
    waiting.resume(returning: outcome)
  }
}

extension Fingerprint {
  /// The directory, if it lies below the base of all workspaces; nil if it is missing or elsewhere.
  fileprivate var directoryIdentity: FileIdentity? {
    FileIdentity(ofDirectory: directory, below: workspaceBase)
  }
}
