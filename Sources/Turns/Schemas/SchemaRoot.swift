import Bytes
import ClaudeCode

/// What the root of a schema becomes. The upstream takes only an object without combinations there, and restricts the
/// names of its properties.
enum SchemaRoot: Equatable {
  case plain
  /// The properties with these names get others.
  case renamed([ValueMapping.Name])
  /// It becomes the only property of an object.
  case wrapped

  init(_ schema: JSONValue, for reader: SchemaAdapter.Reader) {
    guard let root = schema.object, reader == .upstream || SchemaRoot.isObject(root),
      !SchemaRoot.combinations.contains(where: { root[$0] != nil }),
      // These become a combination.
      reader == .upstream || root["properties"] == nil || root["patternProperties"] == nil
    else {
      self = .wrapped
      return
    }
    let names = root["properties"]?.object?.keys ?? []
    let unfit = names.filter { !UpstreamName.property.accepts($0) }
    if unfit.isEmpty {
      self = .plain
    } else if root.keys.contains(where: SchemaRoot.namesProperties) {
      self = .wrapped
    } else {
      var fresh = UpstreamNames(.property, apartFrom: Set(names))
      self = .renamed(unfit.map { ValueMapping.Name(client: $0, upstream: fresh.make(like: $0)) })
    }
  }

  /// The upstream refuses these at the top level of a tool's schema.
  private static let combinations = ["anyOf", "oneOf", "allOf", "$ref", "$dynamicRef", "$recursiveRef"]

  private static func isObject(_ root: JSONObject) -> Bool {
    if let type = root["type"] { return type == "object" || type == ["object"] }
    let isOpen = root["enum"] == nil && root["const"] == nil && root["not"] == nil && root["if"] == nil
    return isOpen && root["properties"] != nil
  }

  /// Whether a keyword can name properties apart from `properties` and `required`.
  private static func namesProperties(_ keyword: String) -> Bool {
    switch SchemaKeyword.all[keyword] {
    case nil, .definitions, .text, .mark, .count: false
    default: !["type", "properties", "required", "additionalProperties", "default", "examples"].contains(keyword)
    }
  }
}

extension JSONObject {
  /// The root with other names for some of its properties. Their titles keep the client's names.
  mutating func rename(_ names: [ValueMapping.Name]) {
    let table = Dictionary(names.map { (Array($0.client.utf8), $0.upstream) }) { first, _ in first }
    let newName = { (name: String) in table[Array(name.utf8)] ?? name }
    if let properties = self["properties"]?.object {
      let titled = properties.mapValues { member in
        guard table[Array(member.key.utf8)] != nil, var schema = member.value.object else { return member.value }
        if schema["title"] == nil { schema["title"] = .string(member.key) }
        return .object(schema)
      }
      self["properties"] = .object(titled.renamed(newName))
    }
    if let required = self["required"]?.array {
      self["required"] = .array(required.map { $0.string.map { .string(newName($0)) } ?? $0 })
    }
    // They are whole values, and have the client's names.
    self["default"] = nil
    self["examples"] = nil
  }
}
