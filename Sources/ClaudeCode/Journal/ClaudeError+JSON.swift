import Bytes

extension ClaudeError {
  /// The stored form.
  var json: JSONValue {
    var object: JSONObject = [
      "kind": .string(kind.name), "message": .string(message), "reached_cli": .bool(reachedCLI),
    ]
    if case .upstream(let status) = kind { object["status"] = JSONValue(status) }
    return .object(object)
  }

  /// Nil for a document that `json` does not write.
  init?(_ json: JSONValue) {
    guard let name = json["kind"]?.string, let message = json["message"]?.string else { return nil }
    guard let kind = name == "upstream" ? json["status"]?.int.map(Kind.upstream) : Kind(named: name) else { return nil }
    self.init(kind, message, reachedCLI: json["reached_cli"]?.bool ?? true)
  }
}

extension ClaudeError.Kind {
  /// The kinds without associated values.
  private static let words: [(kind: Self, name: String)] = [
    (.cliNotFound, "cli_not_found"), (.cannotStart, "cannot_start"), (.exhausted, "exhausted"),
    (.workspaceUnusable, "workspace_unusable"), (.refused, "refused"), (.schemaRefused, "schema_refused"),
    (.sessionNotFound, "session_not_found"),
    (.sessionInUse, "session_in_use"), (.sessionBusy, "session_busy"), (.overloaded, "overloaded"),
    (.totalTimeout, "total_timeout"), (.inactivityTimeout, "inactivity_timeout"), (.lost, "lost"), (.empty, "empty"),
    (.diverged, "diverged"), (.maxTurns, "max_turns"), (.outputLimit, "output_limit"), (.budget, "budget"),
    (.failed, "failed"),
    (.cancelled, "cancelled"), (.interrupted, "interrupted"),
  ]

  /// One word, for machines.
  public var name: String { ClaudeError.Kind.words.first { $0.kind == self }?.name ?? "upstream" }

  fileprivate init?(named name: String) {
    guard let word = ClaudeError.Kind.words.first(where: { $0.name == name }) else { return nil }
    self = word.kind
  }
}
