package import Bytes

/// A tool of the client that is not a plain function. The model sees it as one, under `functionName`.
package struct ClientTool: Sendable, Equatable {
  /// The client's name for it.
  package let name: String
  /// The namespace that it was declared in (Codex CLI 0.163); nil for none.
  package let namespace: String?
  /// Whether its input is free text instead of JSON (`custom` tools).
  package let isCustom: Bool

  package init(name: String, namespace: String? = nil, isCustom: Bool = false) {
    self.name = name
    self.namespace = namespace
    self.isCustom = isCustom
  }

  /// The name of the function that stands for it. It depends on name and namespace only, so that a call of a history is
  /// recognized without the list of tools.
  package var functionName: String {
    guard let namespace, !namespace.isEmpty else { return name }
    let joined = namespace + (namespace.hasSuffix("__") ? "" : "__") + name
    let plain = joined.utf8.map { ClientTool.isPlain($0) ? $0 : UInt8(ascii: "_") }
    guard plain != Array(joined.utf8) || plain.count > ClientTool.maximumNameLength else { return joined }
    // The checksum keeps apart what replacing and shortening would make equal.
    let sum = String(CRC32.checksum(Array(joined.utf8).span), radix: 16)
    let kept = plain.prefix(ClientTool.maximumNameLength - sum.utf8.count - 1)
    return "\(String(decoding: kept, as: UTF8.self))_\(sum)"
  }

  /// How long the name of a function is at most, in bytes.
  static let maximumNameLength = 64

  private static func isPlain(_ byte: UInt8) -> Bool {
    Ascii.isLetter(byte) || Ascii.isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
  }

  // MARK: Free text

  /// The parameter of a custom tool's function.
  package static let inputName = "input"

  /// The schema of a custom tool's function: one string.
  package static let customParameters: JSONValue = [
    "type": "object", "properties": ["input": ["type": "string", "description": "The whole input of the tool."]],
    "required": ["input"], "additionalProperties": false,
  ]

  /// The arguments of the function for this input, as JSON text.
  package static func arguments(input: String) -> String { JSONValue.object(["input": .string(input)]).text }

  /// The input that a call's arguments carry. Arguments of another form are the input as they are.
  package static func input(ofArguments arguments: String) -> String {
    guard let object = (try? JSONValue(parsing: arguments))?.object else { return arguments }
    if let input = object[inputName]?.string { return input }
    return object.members.count == 1 ? object.members[0].value.string ?? arguments : arguments
  }
}

/// What a list of tools holds besides plain functions.
package struct ToolExtras: Sendable, Equatable {
  /// Tools of the client that are not plain functions, by the names of the functions that stand for them.
  package var clientTools: [String: ClientTool] = [:]
  /// Claude Code's own tools that the request allows for its turn.
  package var builtIn: [String] = []
  /// What was left out or cannot be honoured, for the client.
  package var warnings: [String] = []

  package init() {}
}
