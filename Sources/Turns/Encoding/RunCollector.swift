import Bytes
package import ClaudeCode
package import EventLoop

/// Runs an encoder over a run for an answer that is not streamed: the encoder's output is dropped, its final state is
/// the answer.
@Reactor
package final class RunCollector<Encoder: RunEncoder>: RunObserver {
  private var encoder: Encoder
  private var output = ByteBuffer()
  private var failure: ClaudeError?
  private var outcome: AnswerOutcome?
  private var waiting: CheckedContinuation<AnswerOutcome, Never>?

  package init(_ encoder: Encoder) { self.encoder = encoder }

  package var isCongested: Bool { false }
  package var keepsRun: Bool { outcome == nil }

  /// Waits until the run has ended or is parked.
  ///
  /// - Returns: the encoder, and how the answer ended; never with a failure.
  /// - Throws: why there is no complete answer.
  package func collected() async throws(ClaudeError) -> (Encoder, AnswerOutcome) {
    // Checked in here: the task may have been suspended before the continuation existed.
    let outcome = await withCheckedContinuation { continuation in
      if let ended = self.outcome { continuation.resume(returning: ended) } else { waiting = continuation }
    }
    if let failure { throw failure }
    if case .ended(.failed(let error)) = outcome { throw error }
    return (encoder, outcome)
  }

  /// The client is gone.
  package func abandon() { end(.left) }

  package func run(_ run: any RunSource, didReceive message: StreamMessage, in line: Span<UInt8>) {
    guard failure == nil, outcome == nil else { return }
    do throws(ClaudeError) {
      try encoder.encode(message, line, to: &output)
    } catch {
      failure = error
      run.cancel()
    }
    output.removeAll()
    guard encoder.isSatisfied, outcome == nil else { return }
    encoder.closeEarly(to: &output)
    end(.complete)
    run.remove(self)
  }

  package func run(_ run: any RunSource, didAsk question: PermissionQuestion) {
    encoder.encode(question, to: &output)
    output.removeAll()
  }

  package func run(_ run: any RunSource, didEnd outcome: RunOutcome) {
    guard failure == nil, self.outcome == nil else { return end(.ended(outcome)) }
    switch outcome {
    case .failed: break
    case .parked: encoder.closeParked(to: &output)
    case .result(let result):
      do throws(ClaudeError) {
        try encoder.close(result, to: &output)
      } catch {
        failure = error
      }
    }
    output.removeAll()
    end(.ended(outcome))
  }

  private func end(_ outcome: AnswerOutcome) {
    guard self.outcome == nil else { return }
    self.outcome = outcome
    waiting?.resume(returning: outcome)
    waiting = nil
  }
}
