import EventLoop
import Glibc
import System
import TestSupport
import Testing

@testable import ClaudeCode

struct ClaudeErrorTests {
  private typealias Line = CLILine

  @Test(
    "exhausted resources differ from permanent start errors",
    arguments: [
      (EMFILE, .exhausted), (ENFILE, .exhausted), (EAGAIN, .exhausted), (ENOMEM, .exhausted), (ENOENT, .cannotStart),
      (EACCES, .cannotStart), (E2BIG, .cannotStart),
    ] as [(Int32, ClaudeError.Kind)])
  func starts(code: Int32, kind: ClaudeError.Kind) {
    let command = ChildCommand(executable: "/cli", arguments: [], environment: [:], directory: "/")
    let error = ClaudeError(SystemCallError("spawn /cli", code: code), starting: command)
    #expect(error.kind == kind)
    #expect(!error.reachedCLI)
  }

  @Test(
    "error results map to error kinds",
    arguments: [
      (
        Line.result("API Error: 429", isError: true, more: #","api_error_status":429"#), .upstream(status: 429),
        "API Error: 429"
      ),
      (
        Line.result("", isError: true, more: #","api_error_status":529,"errors":["overloaded","x"]"#),
        .upstream(status: 529), "overloaded"
      ),
      (Line.result("out of cheese", isError: true), .failed, "out of cheese"),
      (Line.result("", isError: true), .failed, "success"),
      (Line.result("", subtype: "error_during_execution"), .failed, "error_during_execution"),
      (
        Line.result("done so far", subtype: "error_max_turns", isError: true), .maxTurns,
        "The turn limit was reached"
      ),
      (Line.result("", subtype: "error_max_budget_usd", isError: true), .budget, "The budget of the turn is spent"),
    ] as [(String, ClaudeError.Kind, String)])
  func results(line: String, kind: ClaudeError.Kind, message: String) throws {
    #expect(try error(line) == ClaudeError(kind, message, reachedCLI: true))
  }

  @Test("successful results, empty ones included, are not errors")
  func success() throws {
    #expect(try error(Line.result("fine")) == nil)
    #expect(try error(Line.result("", turns: 0)) == nil)
  }

  @Test(
    "recorded error results map to error kinds",
    arguments: [
      (
        "error-401", .upstream(status: 401), "Failed to authenticate. API Error: 401 anthropic-stub: status 401", true
      ),
      (
        "unknown-resume", .sessionNotFound,
        "No session 00000000-0000-4000-8000-000000000000", false
      ),
      ("interrupt", .failed, "[ede_diagnostic] result_type=user last_content_type=n/a stop_reason=null", true),
    ] as [(String, ClaudeError.Kind, String, Bool)])
  func recorded(name: String, kind: ClaudeError.Kind, message: String, reachedCLI: Bool) throws {
    let line = try #require(Recording("cli-2.1.329/\(name)").lines.last)
    #expect(
      try error(String(decoding: line, as: UTF8.self)) == ClaudeError(kind, message, reachedCLI: reachedCLI))
  }

  @Test("the other recordings have no error", arguments: Recording.all.filter { !failures.contains($0.name) })
  func goodRecordings(recording: Recording) throws {
    let line = try #require(recording.lines.last)
    #expect(try error(String(decoding: line, as: UTF8.self)) == nil)
  }

  private static let failures: Set = [
    "cli-2.1.329/error-401", "cli-2.1.329/unknown-resume", "cli-2.1.329/interrupt",
  ]

  /// What a process left behind, and what it means.
  struct Exit: Sendable {
    let status: String
    let standardError: String
    let sawOutput: Bool
    let expected: ClaudeError

    init(_ status: String, _ standardError: String, sawOutput: Bool, _ expected: ClaudeError) {
      self.status = status
      self.standardError = standardError
      self.sawOutput = sawOutput
      self.expected = expected
    }
  }

  @Test(
    "a process that exits without a result is classified by its error output",
    arguments: [
      Exit(
        "exit status 0", "", sawOutput: true,
        ClaudeError(.lost, "Claude Code ended without a result (exit status 0)", reachedCLI: true)),
      Exit(
        "signal 9", " \n\t\n", sawOutput: false,
        ClaudeError(.lost, "Claude Code ended without a result (signal 9)", reachedCLI: true)),
      Exit(
        "exit status 1", "a warning\nOut of memory\n\n", sawOutput: true,
        ClaudeError(.lost, "Claude Code ended without a result (exit status 1: Out of memory)", reachedCLI: true)),
      Exit(
        "exit status 1", "x\nError: no root", sawOutput: false,
        ClaudeError(.refused, "Claude Code refused to run: Error: no root", reachedCLI: true)),
      Exit(
        "exit status 1", "No conversation found with session ID: x\n", sawOutput: false,
        ClaudeError(.sessionNotFound, "No session x", reachedCLI: false)),
      Exit(
        "exit status 1", "Error: Session ID x is already in use.\n", sawOutput: true,
        ClaudeError(.sessionInUse, "Error: Session ID x is already in use.", reachedCLI: false)),
    ])
  func exits(exit: Exit) {
    #expect(
      ClaudeError(exit: exit.status, standardError: exit.standardError, sawOutput: exit.sawOutput) == exit.expected)
  }

  private func error(_ line: String) throws -> ClaudeError? {
    let result = TurnResult(Array(line.utf8).span)
    return ClaudeError(try #require(result))
  }
}
