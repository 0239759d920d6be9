import CCurl
import Synchronization

/// One request under way, and what has come of its answer.
final class CurlTransfer: Sendable {
  struct Arrival: Sendable {
    let instant: ContinuousClock.Instant
    /// Body bytes that had come by then.
    let count: Int
  }

  struct Progress: Sendable {
    /// 0 until there is one; interim answers (1xx) do not count.
    var status = 0
    /// Names in lower case.
    var fields: [(name: String, value: String)] = []
    var hasHead = false
    var body: [UInt8] = []
    var arrivals: [Arrival] = []
    /// How the transfer ended; nil while it is under way.
    var outcome: Outcome?
  }

  enum Outcome: Sendable, Equatable {
    case complete
    case cancelled
    /// In libcurl's words.
    case failed(String)
  }

  let request: ClientRequest
  let port: Int
  private let progress = Watched(Progress())

  init(_ request: ClientRequest, port: Int) {
    self.request = request
    self.port = port
  }

  var url: String { "http://127.0.0.1:\(port)\(request.path)" }

  // MARK: Waiting

  /// Waits for the head of the answer.
  @discardableResult
  func head() async throws -> ClientAnswer {
    ClientAnswer(try await progress.wait(for: "the head of \(url)") { $0.hasHead || $0.outcome != nil })
  }

  /// Waits until the body holds `text`, and returns what has come by then.
  @discardableResult
  func until(_ text: String) async throws -> ClientAnswer {
    let wanted = Array(text.utf8)
    return ClientAnswer(
      try await progress.wait(for: "\(text) in the body of \(url)") {
        $0.outcome != nil || $0.body.firstRange(of: wanted) != nil
      })
  }

  /// Waits for the end of the answer.
  ///
  /// - Throws: for an answer that broke off.
  func answer(within limit: Duration = .seconds(60)) async throws -> ClientAnswer {
    let progress = try await progress.wait(for: "the answer of \(url)", within: limit) { $0.outcome != nil }
    guard progress.outcome == .complete else { throw BrokenAnswer(url: url, progress: progress) }
    return ClientAnswer(progress)
  }

  /// Waits for the end, however it comes.
  func outcome() async throws -> Outcome? {
    try await progress.wait(for: "the end of \(url)") { $0.outcome != nil }.outcome
  }

  /// Closes the connection in the middle of whatever happens, and waits until it is closed.
  func leave() async throws {
    CurlClient.shared.cancel(self)
    try await progress.wait(for: "leaving \(url)") { $0.outcome != nil }
  }

  // MARK: What libcurl reports

  func receive(headerLine line: String) {
    progress.update { $0.take(headerLine: line) }
  }

  func receive(body bytes: [UInt8]) {
    let now = ContinuousClock.now
    progress.update { progress in
      progress.body += bytes
      progress.arrivals.append(Arrival(instant: now, count: progress.body.count))
    }
  }

  func end(_ outcome: Outcome) {
    progress.update { $0.outcome = $0.outcome ?? outcome }
  }
}

/// An answer that did not come to its end.
struct BrokenAnswer: Error, CustomStringConvertible {
  let description: String

  init(url: String, progress: CurlTransfer.Progress) {
    let body = String(decoding: progress.body.suffix(2000), as: UTF8.self)
    description = "\(url): \(progress.outcome.map { "\($0)" } ?? "?"), status \(progress.status), body …\(body)"
  }
}

extension CurlTransfer.Progress {
  fileprivate mutating func take(headerLine line: String) {
    let line = line.filter { !$0.isNewline }
    if line.hasPrefix("HTTP/") {
      status = line.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
      fields = []
    } else if line.isEmpty {
      hasHead = status >= 200
    } else if let colon = line.firstIndex(of: ":") {
      let value = line[line.index(after: colon)...].drop(while: \.isWhitespace)
      fields.append((line[..<colon].lowercased(), String(value)))
    }
  }
}
