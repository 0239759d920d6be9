package import EventLoop
import Telemetry
import TestSupport
import Testing

@testable package import ClaudeCode

/// What every executor keeps to, whatever its processes are. Each function returns the rules that are broken.
@Reactor
package struct ExecutorContract {
  /// An executor, and prompts that its CLI knows.
  package struct Subject {
    package let executor: ClaudeExecutor
    /// Where its turns work.
    package let directory: String
    /// A prompt, and the text of the result it leads to.
    package let answering: (prompt: String, text: String)
    /// A prompt that does not end by itself.
    package let hanging: String

    package init(
      _ executor: ClaudeExecutor, directory: String, answering: (prompt: String, text: String), hanging: String
    ) {
      self.executor = executor
      self.directory = directory
      self.answering = answering
      self.hanging = hanging
    }
  }

  private let make: @Reactor () throws -> Subject

  /// - Parameter make: makes an executor without runs.
  package init(_ make: @escaping @Reactor () throws -> Subject) { self.make = make }

  /// A turn's lines come in order and end with its result; afterwards nothing of the run is left, and turn observers
  /// are notified once.
  package func result() async -> [String] {
    await check { subject, findings in
      let ended = EndedTurns()
      subject.executor.addObserver(ended)
      let recorder = RunRecorder()
      let run = try await start(subject, subject.answering.prompt, "1", recorder)
      let result = await recorder.result()
      findings.check(result?.text == subject.answering.text, "the result is \(result?.text ?? "missing")")
      findings.check(recorder.kinds.last == .result, "the last line is no result")
      findings.check(recorder.kinds.contains(.assistant), "no line of the assistant")
      await until { !ended.runs.isEmpty }
      findings.check(ended.runs == [run.id], "observers were notified of \(ended.runs)")
      findings.check(subject.executor.activeRuns == 0, "\(subject.executor.activeRuns) runs are left")
      findings.check(subject.executor.run(in: run.sessionID) == nil, "the run is still found by its session")
    }
  }

  /// A cancelled run ends as such, once, and its process exits or becomes idle.
  package func cancellation() async -> [String] {
    await check { subject, findings in
      let recorder = RunRecorder()
      let run = try await start(subject, subject.hanging, "1", recorder)
      findings.check(recorder.outcomes.isEmpty, "ended by itself")
      findings.check(subject.executor.run(in: run.sessionID) === run, "the run is not found by its session")
      run.cancel()
      run.cancel()
      findings.check(await recorder.failure()?.kind == .cancelled, "ended with \(recorder.outcomes)")
      findings.check(recorder.outcomes.count == 1, "ended \(recorder.outcomes.count) times")
      findings.check(subject.executor.activeRuns == 0, "the run is still there")
    }
  }

  /// A run whose only observer leaves is cancelled.
  package func leaving() async -> [String] {
    await check { subject, findings in
      let recorder = RunRecorder()
      let run = try await start(subject, subject.hanging, "1", recorder)
      run.remove(recorder)
      findings.check(subject.executor.activeRuns == 0, "the run goes on without an observer")
      findings.check(recorder.outcomes.isEmpty, "an observer that left is notified")
    }
  }

  /// A caller that has left gets no run.
  package func leftBefore() async -> [String] {
    await check { subject, findings in
      let cancellation = CancellationSignal()
      cancellation.cancel()
      let turn = turn(subject, subject.hanging, "1")
      await findings.checkFailure("a caller that left gets a run") {
        _ = try await subject.executor.run(turn, id: UniqueIDs.next(), cancellation: cancellation, logger: .silent)
      }
      findings.check(subject.executor.activeRuns == 0 && subject.executor.queuedTurns == 0, "something is left")
    }
  }

  /// After the shutdown there are no runs and no processes, and none are started.
  package func shutDown() async -> [String] {
    await check { subject, findings in
      let recorder = RunRecorder()
      _ = try await start(subject, subject.hanging, "1", recorder)
      await subject.executor.kill()
      _ = await recorder.outcome()
      findings.check(recorder.outcomes.count == 1, "the run ended \(recorder.outcomes.count) times")
      findings.check(subject.executor.liveProcesses == 0, "\(subject.executor.liveProcesses) processes are left")
      let turn = turn(subject, subject.answering.prompt, "2")
      await findings.checkFailure("a turn is started after the shutdown") {
        _ = try await subject.executor.run(
          turn, id: UniqueIDs.next(), cancellation: CancellationSignal(), logger: .silent)
      }
    }
  }

  // MARK: Steps

  private func check(_ body: (Subject, inout Findings) async throws -> Void) async -> [String] {
    await Findings.of { findings in
      let subject = try make()
      try await body(subject, &findings)
      await subject.executor.kill()
      findings.check(subject.executor.liveProcesses == 0, "processes are left")
    }
  }

  private func turn(_ subject: Subject, _ prompt: String, _ session: String) -> Turn {
    Turn(
      prompt: prompt, session: .new(id: "\(session)0000000-2222-4333-8444-555555555555"), directory: subject.directory)
  }

  private func start(
    _ subject: Subject, _ prompt: String, _ session: String, _ observer: any RunObserver
  ) async throws -> Run {
    let run = try await subject.executor.run(
      turn(subject, prompt, session), id: UniqueIDs.next(), cancellation: CancellationSignal(), logger: .silent)
    run.add(observer)
    run.start()
    return run
  }

  @Reactor
  private final class EndedTurns: TurnObserver {
    private(set) var runs: [String] = []
    func turnDidEnd(_ run: Run, cost: Double) { runs.append(run.id) }
  }
}
