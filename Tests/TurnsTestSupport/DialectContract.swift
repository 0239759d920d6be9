import Bytes
import TestSupport
import Turns

@testable import ClaudeCode

/// What holds for the answers of every dialect. Each rule returns what breaks it; an empty list is a pass.
package struct DialectContract: Sendable {
  private let dialect: Dialect

  package init(_ dialect: Dialect) { self.dialect = dialect }

  private func play(_ lines: [String], _ plan: AnswerPlan = AnswerPlan()) -> Dialect.Outcome {
    dialect.play(plan, lines.map { .line(Array($0.utf8)) })
  }

  private func play(_ lines: [[UInt8]], _ plan: AnswerPlan = AnswerPlan()) -> Dialect.Outcome {
    dialect.play(plan, lines.map { .line($0) })
  }

  // MARK: Completeness and order

  /// A recorded turn: each stream keeps the dialect's order, says all that the model said, and is what the server
  /// remembers.
  ///
  /// - Parameter expected: the text and the names of the calls of all answers.
  package func completeness(of lines: [[UInt8]], text expected: String, calls: [String]) -> [String] {
    var findings = Findings()
    let outcome = play(lines)
    findings.check(outcome.failure == nil, "failed: \(outcome.failure?.message ?? "")")
    findings.check(!outcome.answers.isEmpty, "no answer")
    do {
      let read = try outcome.answers.map { try dialect.read($0.stream) }
      // Dialects with items keep two texts apart without a blank line.
      let words = read.flatMap { $0.text.split(whereSeparator: \.isWhitespace) }
      findings.check(words == expected.split(whereSeparator: \.isWhitespace), "text is \(read.map(\.text))")
      findings.check(read.flatMap(\.calls).map(\.name) == calls, "calls are \(read.flatMap(\.calls))")
      for (answer, remembered) in zip(read, outcome.answers.map(\.message)) {
        findings.check(answer.text == remembered.text, "remembered text is \(remembered.text)")
        findings.check(answer.calls == remembered.calls, "remembered calls are \(remembered.calls)")
      }
      findings.check(
        read.dropLast().allSatisfy { $0.ending == .calls }, "answers before the last do not end in calls")
      // The run waits for exactly the calls that the client was sent.
      findings.check(
        read.dropLast().map { $0.calls.map(\.id) } == outcome.parked, "parked for \(outcome.parked)")
    } catch {
      findings.list.append("\(error)")
    }
    return findings.list
  }

  // MARK: Splits

  /// The bytes do not depend on where the child's output is cut: in two at any of its bytes, and at random.
  package func splits(of input: [UInt8], atEveryByte: Bool, seed: UInt64) -> [String] {
    var findings = Findings()
    let outcome = dialect.play(AnswerPlan(), lines(of: [input[...]]).map { .line($0) })
    let expected = outcome.text
    findings.check(!expected.isEmpty || outcome.failure != nil, "no output")
    if atEveryByte {
      for cut in 0...input.count {
        findings.check(text(of: [input[..<cut], input[cut...]]) == expected, "differs when cut at \(cut)")
      }
    }
    var generator = SeededGenerator(seed: seed)
    let cuts = (0..<40).map { _ in Int.random(in: 0...input.count, using: &generator) }.sorted()
    let chunks = zip([0] + cuts, cuts + [input.count]).map { input[$0..<$1] }
    findings.check(text(of: chunks) == expected, "differs when cut at \(cuts)")
    return findings.list
  }

  private func text(of chunks: [ArraySlice<UInt8>]) -> String {
    dialect.play(AnswerPlan(), lines(of: chunks).map { .line($0) }).text
  }

  private func lines(of chunks: [ArraySlice<UInt8>]) -> [[UInt8]] {
    var framer = LineFramer()
    var lines: [[UInt8]] = []
    for chunk in chunks { framer.push(Array(chunk).span) { line in lines.append(line.bytes(in: 0..<line.count)) } }
    framer.finish { line in lines.append(line.bytes(in: 0..<line.count)) }
    return lines
  }

  // MARK: Stop sequences

  /// Text ends before the first stop sequence, wherever the sequence is cut; what only looked like one is sent.
  package func stopSequences() -> [String] {
    var findings = Findings()
    let stop = AnswerPlan(stop: ["d", "bc"])
    for pieces in [["a bcd"], ["a b", "c d"], ["a ", "b", "c"]] {
      var lines = [CLILine.messageStart("m"), CLILine.textStart] + pieces.map { CLILine.text($0) }
      lines += [CLILine.messageDelta("end_turn"), CLILine.result("a bcd")]
      findings.list += ending(play(lines, stop), .complete, text: "a ", "stopped in \(pieces)")
    }
    let whole = CLILine.message("m", "one ", "b") + [CLILine.result("one b")]
    findings.list += ending(play(whole, stop), .complete, text: "one b", "not stopped")
    let held =
      [CLILine.messageStart("m"), CLILine.textStart, CLILine.text("so b")] + CLILine.callBlock("m", "c")
      + [CLILine.messageDelta("tool_use"), CLILine.messageStop]
    findings.list += ending(play(held, stop), .calls, text: "so b", "held before a call")
    let structured = AnswerPlan(form: .structured(schema: [:]), stop: ["1"])
    let lines = [CLILine.result("x", more: #","structured_output":{"a":1}"#)]
    findings.list += ending(play(lines, structured), .complete, text: #"{"a":1}"#, "structured answers have no stops")
    return findings.list
  }

  private func ending(
    _ outcome: Dialect.Outcome, _ ending: Dialect.Answer.Ending, text: String, _ situation: String
  ) -> [String] {
    var findings = Findings()
    findings.check(outcome.failure == nil, "\(situation): failed with \(outcome.failure?.message ?? "")")
    findings.check(outcome.answers.count == 1, "\(situation): \(outcome.answers.count) answers")
    do {
      let answer = try dialect.read(outcome.text)
      findings.check(answer.ending == ending, "\(situation): ends with \(answer.ending)")
      findings.check(answer.text == text, "\(situation): the text is \(answer.text)")
    } catch {
      findings.list.append("\(situation): \(error)")
    }
    return findings.list
  }

  // MARK: Parking

  /// Calls end the answer; the next answer has the rest of the turn and nothing of the first one. Calls beyond the
  /// maximum, and of functions the client does not have, reach neither the client nor the list that the run waits for.
  package func parking() -> [String] {
    var findings = Findings()
    let lines =
      [CLILine.messageStart("m"), CLILine.textStart, CLILine.text("first")] + CLILine.callBlock("m", "a")
      + CLILine.callBlock("m", "b") + [CLILine.messageDelta("tool_use"), CLILine.messageStop]
      + CLILine.message("n", "second") + [CLILine.result("second")]
    for (maximum, ids) in [(Int.max, ["a", "b"]), (1, ["a"])] {
      let outcome = play(lines, AnswerPlan(calls: CallSelection(maximum: maximum, functions: ["f"])))
      findings.check(outcome.parked == [ids], "parked for \(outcome.parked), maximum \(maximum)")
      findings.check(outcome.answers.count == 2, "\(outcome.answers.count) answers")
      do {
        let read = try outcome.answers.map { try dialect.read($0.stream) }
        findings.check(read.first?.calls.map(\.id) == ids, "sent \(read.first?.calls.map(\.id) ?? [])")
        findings.check(read.map(\.ending) == [.calls, .complete], "endings are \(read.map(\.ending))")
        findings.check(read.map(\.text) == ["first", "second"], "texts are \(read.map(\.text))")
      } catch {
        findings.list.append("\(error)")
      }
    }
    let other = play(lines, AnswerPlan(calls: CallSelection(functions: ["g"])))
    findings.check(other.parked.isEmpty, "parked for a function that the client does not have")
    findings.check((try? dialect.read(other.text).calls) == [], "sent a call that is not the client's")
    return findings.list
  }

  /// A permission request ends the answer as a call does.
  package func approval() -> [String] {
    guard let question = PermissionQuestion(["tool_name": "Bash", "input": ["command": "ls"]], requestID: "7") else {
      return ["no question"]
    }
    let outcome = dialect.play(AnswerPlan(), [.line(Array(CLILine.messageStart("m").utf8)), .question(question)])
    var findings = Findings()
    findings.check(outcome.answers.map(\.message.calls) == [[ChatToolCall(question)]], "remembered as something else")
    do {
      let answer = try dialect.read(outcome.text)
      findings.check(answer.calls == [ChatToolCall(question)], "sent \(answer.calls)")
      findings.check(answer.ending == .calls, "ends with \(answer.ending)")
    } catch {
      findings.list.append("\(error)")
    }
    return findings.list
  }

  // MARK: Errors

  /// A failure before content sends nothing; after content it is the end of the stream, and nothing looks like an
  /// ordinary end.
  package func errors() -> [String] {
    let error = ClaudeError(.inactivityTimeout, "silence", reachedCLI: true)
    var findings = Findings()
    let early = dialect.play(AnswerPlan(), [.line(Array(CLILine.initLine.utf8)), .failure(error)])
    findings.check(early.failure == error && early.answers.isEmpty, "an early failure is sent")
    let begun = CLILine.cut("m", "a").map { Dialect.Input.line(Array($0.utf8)) }
    findings.list += failed(dialect.play(AnswerPlan(), begun + [.failure(error)]), "late failure")
    let changed = CLILine.cut("m1", "a b") + CLILine.message("m2", "a c") + [CLILine.result("a c")]
    findings.list += failed(play(changed), "changed by the upstream")
    return findings.list
  }

  private func failed(_ outcome: Dialect.Outcome, _ situation: String) -> [String] {
    var findings = Findings()
    findings.check(outcome.failure == nil, "\(situation): no stream")
    findings.check(outcome.answers.isEmpty, "\(situation): counts as an answer")
    do {
      findings.check(try dialect.read(outcome.text).ending == .failed, "\(situation): does not end as a failure")
    } catch {
      findings.list.append("\(situation): \(error)")
    }
    return findings.list
  }

  /// Results that are no answers, and those that are.
  package func results() -> [String] {
    var findings = Findings()
    let limit = CLILine.result("", subtype: "error_max_turns", isError: true)
    findings.list += ending(
      play(CLILine.message("m", "a", stop: "tool_use") + [limit]), .length, text: "a", "a turn limit after text")
    findings.check(play([CLILine.initLine, limit]).failure?.kind == .maxTurns, "a turn limit before text")
    let tokens = CLILine.result(
      "API Error: Claude's response exceeded the 100 output token maximum.", turns: 4, isError: true)
    let cut = CLILine.message("m", "a", stop: "max_tokens") + CLILine.message("n", "b", stop: "max_tokens") + [tokens]
    findings.list += ending(play(cut), .length, text: "ab", "a limit of output tokens after text")
    findings.list += ending(
      play([CLILine.initLine, tokens]), .length, text: "", "a limit of output tokens before text")
    findings.list += ending(
      play(cut, AnswerPlan(form: .structured(schema: [:]))), .length, text: "", "a structured answer that was cut")
    findings.check(
      play([CLILine.initLine, CLILine.result("", turns: 0)]).failure?.kind == .empty, "an empty result without turns")
    findings.list += ending(
      play([CLILine.initLine, CLILine.result("", turns: 1)]), .complete, text: "", "an empty answer")
    findings.list += ending(
      play([CLILine.result("without a turn", turns: 0)]), .complete, text: "without a turn", "text in the result only")
    let plan = AnswerPlan(form: .structured(schema: [:]))
    let unstructured = play(CLILine.message("m", "words") + [CLILine.result("words")], plan)
    findings.check(unstructured.failure == .unstructured, "words in place of a structured answer")
    let forced = AnswerPlan(form: .call([FunctionDeclaration(name: "f")], id: "toolu_1"))
    let outcome = play([CLILine.result("x", more: #","structured_output":{"a":1}"#)], forced)
    let call = ChatToolCall(id: "toolu_1", name: "f", arguments: #"{"a":1}"#)
    findings.check(outcome.answers.map(\.message.calls) == [[call]], "a forced call is remembered as something else")
    findings.check((try? dialect.read(outcome.text).calls) == [call], "a forced call is sent as something else")
    return findings.list
  }
}
