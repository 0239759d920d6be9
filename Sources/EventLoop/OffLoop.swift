public import System

/// Work whose time grows with its input. Small work is done at once; large work is done by another thread, so that the
/// loop stays responsive.
@Reactor
public final class OffLoop {
  public struct Limits: Sendable, Equatable {
    /// Work on more bytes leaves the loop. 64 KiB of JSON take a third of a millisecond.
    public var inline = 64 * 1024
    /// Work on more bytes is done by few threads at a time: a document takes many times its size while it is parsed.
    public var large = 1024 * 1024
    /// How many threads do large work at the same time; other large work waits.
    public var width: Int

    /// - Parameter cores: one of them is reserved for the loop.
    public init(cores: Int = Machine.cores) { width = max(1, cores - 1) }

    /// Whether work on this many bytes waits for a thread.
    func isLarge(_ size: Int) -> Bool { size > large }
  }

  public static let shared = OffLoop()

  private let limits: Limits
  private var active = 0
  private var waiting: [CheckedContinuation<Void, Never>] = []

  public init(limits: Limits = Limits()) { self.limits = limits }

  /// Whether work on this many bytes is done on the loop.
  public nonisolated static func isInline(_ size: Int) -> Bool { size <= Limits(cores: 1).inline }

  /// Does work on `size` bytes.
  ///
  /// - Throws: what `body` throws.
  public func run<Value: Sendable>(
    on size: Int, _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    guard size > limits.inline else { return try body() }
    guard limits.isLarge(size) else { return try await Task.detached { try body() }.value }
    await enter()
    defer { leave() }
    return try await Task.detached { try body() }.value
  }

  /// Does work that cannot fail.
  public func run<Value: Sendable>(on size: Int, _ body: @escaping @Sendable () -> Value) async -> Value {
    guard size > limits.inline else { return body() }
    guard limits.isLarge(size) else { return await Task.detached { body() }.value }
    await enter()
    defer { leave() }
    return await Task.detached { body() }.value
  }

  /// Does work on the input that `fetch` returns. `fetch` is called when the work begins, so that waiting work holds no
  /// memory.
  ///
  /// - Returns: nil if `fetch` returns nil.
  /// - Throws: what `body` throws.
  public func run<Input: Sendable, Value: Sendable>(
    on size: Int, fetching fetch: @Reactor () async -> Input?, _ body: @escaping @Sendable (Input) throws -> Value
  ) async throws -> Value? {
    guard limits.isLarge(size) else {
      guard let input = await fetch() else { return nil }
      return try await run(on: size) { try body(input) }
    }
    await enter()
    defer { leave() }
    guard let input = await fetch() else { return nil }
    return try await Task.detached { try body(input) }.value
  }

  private func enter() async {
    await withCheckedContinuation { continuation in
      guard active >= limits.width else {
        active += 1
        return continuation.resume()
      }
      waiting.append(continuation)
    }
  }

  /// The work that has waited longest is next.
  private func leave() {
    if waiting.isEmpty { active -= 1 } else { waiting.removeFirst().resume() }
  }
}
