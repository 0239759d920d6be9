import Bytes
import TestSupport
import Testing

@testable import ClaudeCode

struct PendingCallsTests {
  private typealias Line = CLILine

  private static func calling(_ message: String, _ ids: [String]) -> [String] {
    [Line.messageStart(message)] + ids.flatMap { Line.callBlock(message, $0) }
      + [Line.messageDelta("tool_use"), Line.messageStop]
  }

  // MARK: When a message is over

  @Test("a message of calls ends at message_stop after a tool_use stop reason")
  func over() {
    let desk = Desk()
    let over = Self.calling("m", ["a", "b"]).map { desk.read($0) }
    #expect(over.dropLast().allSatisfy { !$0 })
    #expect(over.last == true)
    #expect(desk.open == ["a", "b"])
  }

  @Test(
    "messages without client calls do not park the run",
    arguments: [
      Line.message("m", "a"), Line.message("m", "a", stop: "tool_use"),
      [Line.messageStart("m")] + Line.callBlock("m", "a") + [Line.messageDelta("max_tokens"), Line.messageStop],
      [Line.messageStart("m")] + Line.callBlock("m", "a") + [Line.messageStop],
      [Line.messageStart("m"), Line.toolStart, Line.messageDelta("tool_use"), Line.messageStop],
      [Line.messageStart("m")] + Line.callBlock("m", "a") + [Line.messageDelta("tool_use")],
    ])
  func notOver(lines: [String]) {
    let desk = Desk()
    for line in lines { #expect(!desk.read(line)) }
    #expect(desk.open.isEmpty)
  }

  @Test("calls of an interrupted message are forgotten when it is repeated")
  func sentAgain() {
    let desk = Desk()
    for line in [Line.messageStart("m1")] + Line.callBlock("m1", "a") + [Line.messageStop] { _ = desk.read(line) }
    for line in Self.calling("m2", ["b"]) { _ = desk.read(line) }
    #expect(desk.open == ["b"])
  }

  @Test("a subagent's calls and stop reasons are ignored")
  func subagent() {
    let desk = Desk()
    let lines = [
      Line.messageStart("s", subagent: true), Line.callStart("x", subagent: true),
      Line.messageDelta("tool_use", subagent: true), Line.event(#"{"type":"message_stop"}"#, subagent: true),
      Line.assistant("s", Line.toolBlock("y", "mcp__client__f"), subagent: true),
    ]
    for line in lines { #expect(!desk.read(line)) }
    #expect(!desk.add("x") && !desk.add("y"))
    #expect(desk.open.isEmpty)
    // Between the lines of a message it changes nothing.
    let message = Self.calling("m", ["a"])
    let over = (Array(message.dropLast()) + lines + [Line.messageStop]).map { desk.read($0) }
    #expect(over.last == true)
    #expect(desk.open == ["a"])
  }

  @Test("an unstreamed message ends when the CLI waits for all its calls", arguments: [true, false])
  func unstreamed(isCalledFirst: Bool) {
    let desk = Desk()
    let line = Line.assistant(
      "m", Line.textBlock("t"), Line.toolBlock("a", "mcp__client__f"), Line.toolBlock("b", "mcp__client__f"))
    #expect(!desk.add("a"))
    if isCalledFirst {
      #expect(!desk.add("b"))
      #expect(desk.read(line))
    } else {
      #expect(!desk.read(line))
      #expect(desk.open.isEmpty)
      #expect(desk.add("b"))
    }
    #expect(desk.open == ["a", "b"])
  }

  // MARK: Results

  @Test("results match their calls in any order, once each", arguments: [true, false])
  func results(isCalledFirst: Bool) {
    let desk = Desk()
    if isCalledFirst { #expect(!desk.add("a") && !desk.add("b")) }
    for line in Self.calling("m", ["a", "b"]) { _ = desk.read(line) }
    #expect(desk.answers().isEmpty)
    desk.take(["a": FunctionResult([.text("1")]), "b": FunctionResult([.text("2")])])
    #expect(desk.open.isEmpty)
    if !isCalledFirst {
      #expect(desk.answers().isEmpty)
      #expect(!desk.add("a") && !desk.add("b"))
    }
    #expect(desk.answers() == ["a: 1", "b: 2"])
    #expect(desk.answers().isEmpty)
  }

  @Test("results of unknown calls are ignored, and open calls stay open")
  func unknown() {
    let desk = Desk()
    for line in Self.calling("m", ["a", "b"]) { _ = desk.read(line) }
    _ = desk.add("a")
    _ = desk.add("x")
    desk.take(["a": FunctionResult([.text("1")]), "x": FunctionResult([.text("2")])])
    #expect(desk.open == ["b"])
    #expect(desk.answers() == ["a: 1"])
  }

  @Test("only the next message's calls are open after it")
  func nextMessage() {
    let desk = Desk()
    for line in Self.calling("m1", ["a"]) { _ = desk.read(line) }
    desk.take(["a": FunctionResult([])])
    for line in Self.calling("m2", ["b"]) { _ = desk.read(line) }
    #expect(desk.open == ["b"])
  }

  // MARK: Several at once

  @Test("calls beyond the limit get an error and are not open", arguments: [0, 1, 2])
  func maximum(extra: Int) {
    let desk = Desk(maximumCalls: 1)
    let ids = ["a", "b", "c"].prefix(1 + extra)
    for id in ids { _ = desk.add(id) }
    for line in Self.calling("m", Array(ids)) { _ = desk.read(line) }
    #expect(desk.open == ["a"])
    let errors = desk.takeAnswers()
    #expect(errors.map(\.0.toolUseID).sorted() == Array(ids.dropFirst()))
    #expect(errors.allSatisfy { $1.isError })
    desk.take(["a": FunctionResult([.text("1")])])
    #expect(desk.answers() == ["a: 1"])
  }

  // MARK: Questions

  @Test("a permission request during a message waits for the message's end")
  func questions() {
    let desk = Desk()
    #expect(!desk.read(Line.messageStart("m")))
    #expect(!desk.ask("1"))
    #expect(desk.open == ["approve_1"] && desk.delivered.isEmpty)
    #expect(!desk.read(Line.messageDelta("tool_use")))
    #expect(desk.read(Line.messageStop))
    #expect(desk.takeUndelivered() == ["1"])
    #expect(desk.delivered == ["approve_1"])
    // Each once.
    #expect(desk.takeUndelivered().isEmpty)
    #expect(desk.ask("2"))
    #expect(desk.takeUndelivered() == ["2"])
    #expect(desk.delivered == ["approve_1", "approve_2"])
  }

  @Test("a permission request ends a message without a stop reason")
  func questionOfACutMessage() {
    let desk = Desk()
    #expect(!desk.read(Line.messageStart("m")))
    #expect(!desk.ask("1"))
    #expect(desk.read(Line.messageStop))
  }

  @Test("permission requests and calls of a message are open together")
  func questionBesideACall() {
    let desk = Desk()
    let lines = Self.calling("m", ["a"])
    for line in lines.dropLast() { #expect(!desk.read(line)) }
    #expect(!desk.ask("1"))
    #expect(desk.read(Line.messageStop))
    _ = desk.takeUndelivered()
    #expect(Set(desk.delivered) == ["a", "approve_1"])
    #expect(!desk.add("a"))
    desk.take(["a": FunctionResult([.text("1")]), "approve_1": FunctionResult([.text("allow")])])
    #expect(desk.open.isEmpty)
    #expect(desk.answers() == ["a: 1"])
    #expect(desk.decisions() == ["1: allow"])
  }

  @Test("a request that arrives while the client is busy is not yet open")
  func late() {
    let desk = Desk()
    #expect(desk.ask("1"))
    _ = desk.takeUndelivered()
    #expect(desk.ask("2"))
    #expect(desk.delivered == ["approve_1"])
    desk.take(["approve_1": FunctionResult([.text("allow")])])
    #expect(desk.decisions() == ["1: allow"])
    #expect(desk.open == ["approve_2"])
    #expect(desk.takeUndelivered() == ["2"])
  }

  @Test("decisions are delivered once each, in the order of the requests")
  func decisions() {
    let desk = Desk()
    for id in ["1", "2", "3"] { _ = desk.ask(id) }
    _ = desk.takeUndelivered()
    desk.take(["approve_3": FunctionResult([.text("c")]), "approve_1": FunctionResult([.text("a")])])
    #expect(desk.open == ["approve_2"])
    #expect(desk.decisions() == ["1: a", "3: c"])
    #expect(desk.decisions().isEmpty)
    desk.take(["approve_2": FunctionResult([.text("b")]), "approve_9": FunctionResult([.text("x")])])
    #expect(desk.decisions() == ["2: b"])
  }

  @Test("a withdrawn request is neither sent nor awaited", arguments: [true, false])
  func withdrawn(isTold: Bool) {
    let desk = Desk()
    for id in ["1", "2"] { _ = desk.ask(id) }
    if isTold { _ = desk.takeUndelivered() }
    desk.withdraw("1")
    desk.withdraw("unknown")
    #expect(desk.takeUndelivered() == (isTold ? [] : ["2"]))
    #expect(desk.open == ["approve_2"])
    desk.take(["approve_1": FunctionResult([.text("allow")]), "approve_2": FunctionResult([.text("deny")])])
    #expect(desk.decisions() == ["2: deny"])
  }

  @Test("a message whose only request is withdrawn early does not end for the client")
  func withdrawnBeforeTheEnd() {
    let desk = Desk()
    #expect(!desk.read(Line.messageStart("m")))
    #expect(!desk.ask("1"))
    desk.withdraw("1")
    #expect(!desk.read(Line.messageDelta("tool_use")))
    #expect(!desk.read(Line.messageStop))
  }

  // MARK: Recorded

  @Test(
    "recorded turns park where the CLI waits, with its calls",
    arguments: [("one", 1), ("parallel", 3), ("after-text", 1), ("empty", 1), ("beside-bash", 1), ("cut-in-call", 2)])
  func recorded(name: String, count: Int) throws {
    let desk = Desk()
    var stops: [Int] = []
    for line in Recording("cli-2.1.329/functions-\(name)").lines {
      if try desk.take(recorded: line) { stops.append(desk.open.count) }
      guard !desk.open.isEmpty, let value = try? JSONValue(parsing: line), value["type"] == "user" else { continue }
      // The client has answered all of them.
      desk.take(Dictionary(uniqueKeysWithValues: desk.open.map { ($0, FunctionResult([])) }))
      #expect(desk.takeAnswers().count == count)
    }
    #expect(stops == [count])
    #expect(desk.open.isEmpty)
  }
}

/// A desk on which the test lays lines and calls.
private final class Desk {
  private var desk: PendingCalls

  init(maximumCalls: Int = .max) { desk = PendingCalls(CallSelection(maximum: maximumCalls)) }

  var open: [String] { desk.open }
  var delivered: [String] { desk.delivered }

  /// The CLI asks about Bash.
  func ask(_ id: String) -> Bool {
    guard let question = PermissionQuestion(["tool_name": "Bash"], requestID: id) else { return false }
    return desk.add(question)
  }

  func withdraw(_ id: String) { desk.withdraw(requestID: id) }

  /// The requests of the questions that are told now.
  func takeUndelivered() -> [String] { desk.takeUndelivered().map(\.requestID) }

  /// The decisions that can be given, in words.
  func decisions() -> [String] {
    desk.takeDecisions().map { "\($0.requestID): \($1.content.compactMap(\.text).joined())" }
  }

  func read(_ line: String) -> Bool { read(Array(line.utf8)) }

  private func read(_ line: [UInt8]) -> Bool {
    guard let message = StreamMessage(scanning: line.span) else { return false }
    return desk.read(message, line.span)
  }

  func add(_ id: String) -> Bool { desk.add(FunctionCall(requestID: "r-\(id)", messageID: 1, toolUseID: id)) }

  func take(_ results: [String: FunctionResult]) { desk.take(results) }

  func takeAnswers() -> [(FunctionCall, FunctionResult)] { desk.takeAnswers() }

  /// The answers that can be given, in words.
  func answers() -> [String] {
    takeAnswers().map { "\($0.toolUseID): \($1.content.compactMap(\.text).joined())" }.sorted()
  }

  /// A line of a recording: what the process hands on as a call is one.
  func take(recorded line: [UInt8]) throws -> Bool {
    let request = try JSONValue(parsing: line)["request"]
    guard let message = request?["message"], message["method"] == "tools/call",
      case .call(let call) = FunctionServer(functions: []).reply(to: message, requestID: "r")
    else { return read(line) }
    return desk.add(call)
  }
}
