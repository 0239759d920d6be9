import Bytes
import Telemetry

extension SessionRecord {
  /// The stored form; the id is the key.
  var json: JSONValue {
    var object: JSONObject = ["principal": .string(principal), "options": options.json]
    if let position { object["position"] = .string(position.text) }
    object["created"] = created.map { JSONValue($0.milliseconds) }
    object["lastUsed"] = lastUsed.map { JSONValue($0.milliseconds) }
    object["turns"] = JSONValue(turns)
    object["cost"] = .number("\(cost)")
    return .object(object)
  }

  /// Nil for a document that `json` does not write.
  init?(id: String, _ json: JSONValue) {
    guard let principal = json["principal"]?.string, let options = json["options"] else { return nil }
    self.init(
      id: id, principal: principal, options: TurnOptions(kept: options),
      position: json["position"]?.string.flatMap(ConversationKey.init(text:)))
    created = json["created"]?.count.map { Timestamp(milliseconds: $0) }
    lastUsed = json["lastUsed"]?.count.map { Timestamp(milliseconds: $0) }
    turns = json["turns"]?.count ?? 0
    cost = json["cost"]?.amount ?? 0
  }
}

extension TurnOptions {
  /// What a session's next turn inherits.
  fileprivate var json: JSONValue {
    var object = JSONObject()
    func list(_ tools: [String]?) -> JSONValue? { tools.map { .array($0.map { .string($0) }) } }
    object["workspace"] = workspace.map { .string($0) }
    object["systemPrompt"] = systemPrompt.map { .string($0) }
    object["appendSystemPrompt"] = appendSystemPrompt.map { .string($0) }
    object["model"] = model.map { .string($0) }
    object["effort"] = effort.map { .string($0.rawValue) }
    object["allowedTools"] = list(allowedTools)
    object["disallowedTools"] = list(disallowedTools)
    object["mcpAllowedTools"] = list(mcpAllowedTools)
    object["skipsPermissions"] = dangerouslySkipPermissions.map { .bool($0) }
    object["permissionMode"] = permissionMode.map { .string($0.name) }
    object["forwardsQuestions"] = forwardsQuestions.map { .bool($0) }
    object["fileMentions"] = fileMentions.map { .bool($0) }
    return .object(object)
  }

  fileprivate init(kept json: JSONValue) {
    self.init()
    workspace = json["workspace"]?.string
    systemPrompt = json["systemPrompt"]?.string
    appendSystemPrompt = json["appendSystemPrompt"]?.string
    model = json["model"]?.string
    effort = json["effort"]?.string.flatMap(Effort.init(rawValue:))
    allowedTools = json["allowedTools"]?.array?.compactMap(\.string)
    disallowedTools = json["disallowedTools"]?.array?.compactMap(\.string)
    mcpAllowedTools = json["mcpAllowedTools"]?.array?.compactMap(\.string)
    dangerouslySkipPermissions = json["skipsPermissions"]?.bool
    permissionMode = json["permissionMode"]?.string.flatMap(PermissionMode.init(name:))
    forwardsQuestions = json["forwardsQuestions"]?.bool
    fileMentions = json["fileMentions"]?.bool
  }
}
