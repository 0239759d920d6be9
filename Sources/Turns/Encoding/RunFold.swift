import Bytes
package import ClaudeCode
package import EventLoop

/// Runs an encoder over the events so far, for its final state. The encoder's output is dropped.
@Reactor
package final class RunFold<Encoder: RunEncoder>: RunObserver {
  package private(set) var encoder: Encoder
  private var output = ByteBuffer()
  private var failure: ClaudeError?
  private let onEnd: @Reactor (Encoder, RunOutcome) -> Void

  /// - Parameter onEnd: called when the run has ended, with the outcome of the encoder.
  package init(_ encoder: Encoder, onEnd: @escaping @Reactor (Encoder, RunOutcome) -> Void = { _, _ in }) {
    self.encoder = encoder
    self.onEnd = onEnd
  }

  package var isCongested: Bool { false }
  package var keepsRun: Bool { false }

  package func run(_ run: any RunSource, didReceive message: StreamMessage, in line: Span<UInt8>) {
    guard failure == nil else { return }
    do throws(ClaudeError) {
      try encoder.encode(message, line, to: &output)
    } catch {
      fail(error)
    }
    output.removeAll()
  }

  package func run(_ run: any RunSource, didAsk question: PermissionQuestion) {
    encoder.encode(question, to: &output)
    output.removeAll()
  }

  package func run(_ run: any RunSource, didTake input: Span<UInt8>) {
    encoder.encode(input: input, to: &output)
    output.removeAll()
  }

  package func run(_ run: any RunSource, didEnd outcome: RunOutcome) {
    if failure == nil { close(outcome) }
    output.removeAll()
    onEnd(encoder, failure.map { .failed($0) } ?? outcome)
  }

  private func close(_ outcome: RunOutcome) {
    switch outcome {
    case .failed(let error): fail(error)
    case .parked: encoder.closeParked(to: &output)
    case .result(let result):
      do throws(ClaudeError) {
        try encoder.close(result, to: &output)
      } catch {
        fail(error)
      }
    }
  }

  private func fail(_ error: ClaudeError) {
    failure = error
    encoder.close(error, to: &output)
  }
}
