package import Bytes
package import ClaudeCode
import Workspaces

extension TurnOptions {
  /// Reads options from the fields of a JSON body, kebab-case or snake_case. Other fields are ignored.
  ///
  /// - Parameter except: names that mean something else in this dialect.
  package init(fields: JSONObject, except: Set<OptionName> = []) throws {
    self.init()
    for name in OptionName.allCases where !except.contains(name) {
      guard let value = fields[name.rawValue] ?? fields[name.snakeCase], !value.isNull else { continue }
      try set(name, value)
    }
  }

  /// Reads options from `metadata`, whose values are strings: arrays are JSON text or comma-separated. Only names with
  /// hyphens are options: `session_id` and others belong to the client, whose tracer may write them.
  package init(metadata: JSONObject) throws {
    self.init()
    for name in OptionName.allCases where name != .model {
      guard let value = metadata[name.rawValue], !value.isNull else { continue }
      if case .string(let text) = value { try set(name, text: text) } else { try set(name, value) }
    }
  }

  /// Reads options from the fields of an OpenAI body and from its `metadata`, except `model`, which every dialect has a
  /// field for.
  package init(_ body: JSONObject) throws {
    self = try TurnOptions(fields: body, except: [.model])
    guard let metadata = body["metadata"], !metadata.isNull else { return }
    guard let object = metadata.object else {
      throw RequestError.invalid("metadata must be an object", param: "metadata")
    }
    try TurnOptions.checkMetadata(object)
    self = merging(try TurnOptions(metadata: object))
  }

  /// Other pairs belong to the client; OpenAI bounds them.
  private static func checkMetadata(_ metadata: JSONObject) throws {
    let own = metadata.members.filter { OptionName(rawValue: $0.key) == nil }
    guard own.count <= RequestLimits.metadataPairs else {
      throw RequestError.invalid(
        "metadata: at most \(RequestLimits.metadataPairs) pairs are allowed, not \(own.count)", param: "metadata")
    }
    for member in own where member.key.utf8.count > RequestLimits.metadataKey {
      throw RequestError.invalid(
        "metadata: a key is longer than \(RequestLimits.metadataKey) bytes", param: "metadata")
    }
    for member in own where (member.value.string?.utf8.count ?? member.value.size) > RequestLimits.metadataValue {
      throw RequestError.invalid(
        "metadata.\(member.key) is longer than \(RequestLimits.metadataValue) bytes", param: "metadata")
    }
  }

  /// Sets one option from its text form: `true`, `["Bash","Edit"]`, `5`, or plain words.
  package mutating func set(_ name: OptionName, text: String) throws {
    switch name {
    case .workspace, .sessionID, .systemPrompt, .appendSystemPrompt, .model, .effort, .permissionMode:
      try set(name, .string(text))
    case .allowedTools, .disallowedTools, .mcpAllowedTools:
      if text.hasPrefix("[") {
        guard let array = try? JSONValue(parsing: text) else { throw name.bad("must be a JSON array of strings") }
        try set(name, array)
      } else {
        try set(name, .array(CLIArguments.toolRules(in: text).map { .string($0) }))
      }
    case .dangerouslySkipPermissions, .maxTurns, .maxBudgetUSD, .fileMentions, .includePartialMessages:
      try set(name, (try? JSONValue(parsing: text)) ?? .string(text))
    }
  }

  package mutating func set(_ name: OptionName, _ value: JSONValue) throws {
    switch name {
    case .workspace:
      let text = try name.string(value)
      guard WorkspaceManager.isName(text) else { throw RequestError(WorkspaceError.badName(text)) }
      workspace = text
    case .sessionID:
      guard let id = UUIDText.normalized(try name.string(value)) else { throw name.bad("must be a UUID") }
      sessionID = id
    case .systemPrompt: systemPrompt = try name.string(value)
    case .appendSystemPrompt: appendSystemPrompt = try name.string(value)
    case .model: model = try name.string(value)
    case .effort:
      guard let level = Effort(rawValue: try name.string(value)) else {
        throw name.bad("must be one of \(Effort.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      effort = level
    case .allowedTools: allowedTools = try name.tools(value)
    case .disallowedTools: disallowedTools = try name.tools(value)
    case .mcpAllowedTools: mcpAllowedTools = try name.tools(value)
    case .dangerouslySkipPermissions: dangerouslySkipPermissions = try name.bool(value)
    case .permissionMode:
      // A mode of this server: the CLI asks about everything, and the client decides.
      forwardsQuestions = try name.string(value) == "ask" ? true : nil
      guard let mode = forwardsQuestions == true ? .manual : PermissionMode(name: try name.string(value)) else {
        let names = PermissionMode.allCases.map(\.name).joined(separator: ", ")
        throw name.bad("must be one of ask, default, \(names)")
      }
      permissionMode = mode
    case .maxTurns:
      guard let turns = value.int, turns > 0 else { throw name.bad("must be a positive integer") }
      maxTurns = turns
    case .maxBudgetUSD:
      guard let budget = value.double, budget > 0, budget.isFinite else { throw name.bad("must be a positive number") }
      maxBudgetUSD = budget
    case .fileMentions: fileMentions = try name.bool(value)
    case .includePartialMessages: includePartialMessages = try name.bool(value)
    }
  }
}

extension OptionName {
  fileprivate func bad(_ rule: String) -> RequestError { .invalid("\(rawValue) \(rule)", param: rawValue) }

  fileprivate func string(_ value: JSONValue) throws -> String {
    guard let text = value.string, !text.isEmpty else { throw bad("must be a non-empty string") }
    guard text.utf8.count <= RequestLimits.instructions else {
      throw bad("must not be longer than \(RequestLimits.instructions) bytes")
    }
    guard !text.utf8.contains(0) else { throw bad("must not hold NUL") }
    return text
  }

  fileprivate func bool(_ value: JSONValue) throws -> Bool {
    switch value {
    case .bool(let bool): return bool
    case .string("true"), .string("on"): return true
    case .string("false"), .string("off"): return false
    default: throw bad("must be true or false")
    }
  }

  fileprivate func tools(_ value: JSONValue) throws -> [String] {
    guard let values = value.array else { throw bad("must be an array of tool names") }
    return try values.map { value in
      guard let rule = value.string, CLIArguments.isToolRule(rule) else {
        throw bad("must hold tool names only, optionally with a specifier in parentheses: \(value.text.prefix(64))")
      }
      return rule
    }
  }
}

extension TurnOptions {
  /// These options, completed with those of `other`: two places of one request.
  package func merging(_ other: TurnOptions) -> TurnOptions {
    var merged = inheriting(other)
    merged.sessionID = sessionID ?? other.sessionID
    merged.maxTurns = maxTurns ?? other.maxTurns
    merged.maxBudgetUSD = maxBudgetUSD ?? other.maxBudgetUSD
    merged.includePartialMessages = includePartialMessages ?? other.includePartialMessages
    return merged
  }
}

extension TurnOptions.Effort {
  /// OpenAI's name of an effort; nil for those that leave it to the model.
  ///
  /// - Throws: `RequestError` 400 with `param`.
  package init?(openAI value: JSONValue?, _ param: String) throws {
    switch value ?? .null {
    case .null, "none", "minimal": return nil
    case .string(let name):
      guard let effort = Self(rawValue: name) else { fallthrough }
      self = effort
    default:
      throw RequestError.invalid(
        "\(param) must be one of none, minimal, low, medium, high, xhigh, max", param: param)
    }
  }
}
