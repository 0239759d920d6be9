import Bytes

/// What keywords mean together, in the words of the schema's reader: draft-07 has no `prefixItems`, draft 2020-12 no
/// lists in `items`, neither has `nullable`. Nothing changes the meaning; what cannot be said is a fault.
extension SchemaAdapter {
  /// - Parameter schema: with all its values adapted.
  /// - Throws: `RequestError` 400 `invalid_schema`.
  func settle(_ schema: inout JSONObject, at place: SchemaPlace) throws {
    try settleBounds(&schema, at: place)
    settleNull(&schema)
    settleConditions(&schema)
    settleTuple(&schema)
    switch reader {
    case .upstream: settleDependenciesForUpstream(&schema)
    case .validator:
      try settleContains(&schema, at: place)
      try settleUnevaluated(&schema, at: place)
      settleDependencies(&schema)
      settlePatterns(&schema)
    }
  }

  /// In draft-04 `exclusiveMinimum: true` makes `minimum` exclusive.
  private func settleBounds(_ schema: inout JSONObject, at place: SchemaPlace) throws {
    for (exclusive, bound) in [("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")] {
      guard let isExclusive = schema[exclusive]?.bool else { continue }
      schema[exclusive] = nil
      guard isExclusive else { continue }
      guard let value = schema[bound] else { throw document.fault(place.steps + [exclusive], "needs \(bound)") }
      schema[exclusive] = value
      schema[bound] = nil
    }
  }

  /// `nullable` has a meaning only beside `type`, and does not extend `enum` (OpenAPI 3.0.3, Schema Object).
  private func settleNull(_ schema: inout JSONObject) {
    guard let isNullable = schema["nullable"]?.bool else { return }
    schema["nullable"] = nil
    guard isNullable, let type = schema["type"] else { return }
    let types = type.array ?? [type]
    if !types.contains("null") { schema["type"] = .array(types + ["null"]) }
  }

  /// Without `if`, `then` and `else` mean nothing, and the other way round.
  private func settleConditions(_ schema: inout JSONObject) {
    let isComplete = schema["if"] != nil && (schema["then"] != nil || schema["else"] != nil)
    if !isComplete { for name in ["if", "then", "else"] { schema[name] = nil } }
  }

  /// The schemas of a tuple's first elements, and of the rest.
  private func settleTuple(_ schema: inout JSONObject) {
    let isOld = schema["items"]?.array != nil
    guard isOld || schema["prefixItems"] != nil || schema["additionalItems"] != nil else { return }
    let first = (isOld ? schema["items"] : schema["prefixItems"])?.array ?? []
    let rest = isOld ? schema["additionalItems"] : schema["items"]
    // An empty list says nothing, and only beside a list `additionalItems` does.
    for name in ["prefixItems", "items", "additionalItems"] { schema[name] = nil }
    guard !first.isEmpty else { return schema["items"] = rest }
    switch reader {
    case .validator:
      schema["items"] = .array(first)
      schema["additionalItems"] = rest
    case .upstream:
      schema["prefixItems"] = .array(first)
      schema["items"] = rest
    }
  }

  // MARK: Draft-07

  /// `contains` asks for at least one element there, and has no other numbers.
  private func settleContains(_ schema: inout JSONObject, at place: SchemaPlace) throws {
    let (least, most) = (schema["minContains"]?.int ?? 1, schema["maxContains"])
    for name in ["minContains", "maxContains"] { schema[name] = nil }
    guard schema["contains"] != nil else { return }
    guard most == nil else { throw document.fault(place.steps + ["maxContains"], "cannot be enforced") }
    guard least <= 1 else { throw document.fault(place.steps + ["minContains"], "cannot be enforced above 1") }
    if least == 0 { schema["contains"] = nil }
  }

  /// Alone in its schema, `unevaluatedProperties` is `additionalProperties`, and `unevaluatedItems` are the rest.
  private func settleUnevaluated(_ schema: inout JSONObject, at place: SchemaPlace) throws {
    for (name, simple) in [("unevaluatedProperties", "additionalProperties"), ("unevaluatedItems", "items")] {
      guard let value = schema[name] else { continue }
      schema[name] = nil
      let isTuple = name == "unevaluatedItems" && schema["items"]?.array != nil
      let place = place.steps + [name]
      if value == true || value == [:] || schema[isTuple ? "additionalItems" : simple] != nil { continue }
      let others = SchemaAdapter.applicators.filter { schema[$0] != nil }
      if let other = others.first(where: { $0 != "contains" || name == "unevaluatedItems" }) {
        throw document.fault(place, "cannot be enforced beside \(other); use additionalProperties or items")
      }
      schema[isTuple ? "additionalItems" : simple] = value
    }
  }

  /// The keywords with schemas for the same value.
  private static let applicators = [
    "$ref", "allOf", "anyOf", "oneOf", "not", "if", "dependencies", "dependentSchemas", "contains",
  ]

  /// `dependentRequired` and `dependentSchemas` were one keyword.
  private func settleDependencies(_ schema: inout JSONObject) {
    let (names, schemas) = (schema["dependentRequired"]?.object, schema["dependentSchemas"]?.object)
    guard names != nil || schemas != nil else { return }
    var merged: [[UInt8]: JSONValue] = [:]
    let members = [schema["dependencies"]?.object, names, schemas].flatMap { $0?.members ?? [] }
    for member in members {
      let key = Array(member.key.utf8)
      merged[key] = merged[key].map { SchemaAdapter.both($0, member.value) } ?? member.value
    }
    for name in ["dependentRequired", "dependentSchemas"] { schema[name] = nil }
    schema["dependencies"] = .object(JSONObject(members.map { ($0.key, merged[Array($0.key.utf8)] ?? true) }))
  }

  private static func both(_ one: JSONValue, _ other: JSONValue) -> JSONValue {
    ["allOf": .array([one, other].map { $0.array == nil ? $0 : ["required": $0] })]
  }

  /// The validator refuses a property whose name one of the patterns beside it matches. So they are apart: the
  /// properties and the patterns each in a schema of their own, and beside `additionalProperties` only their names.
  private func settlePatterns(_ schema: inout JSONObject) {
    guard let properties = schema["properties"]?.object, let patterns = schema["patternProperties"]?.object,
      !properties.isEmpty, !patterns.isEmpty
    else { return }
    var parts: [JSONValue] = [["patternProperties": .object(patterns)]]
    schema["patternProperties"] = nil
    if let rest = schema["additionalProperties"], rest != true {
      parts.insert(["properties": .object(properties)], at: 0)
      schema["properties"] = nil
      let names = properties.keys.map(SchemaPattern.matching) + patterns.keys
      schema["patternProperties"] = .object(JSONObject(names.map { ($0, true) }))
    }
    schema["allOf"] = .array((schema["allOf"]?.array ?? []) + parts)
  }

  // MARK: Draft 2020-12

  private func settleDependenciesForUpstream(_ schema: inout JSONObject) {
    guard let merged = schema["dependencies"]?.object else { return }
    schema["dependencies"] = nil
    for (name, isList) in [("dependentRequired", true), ("dependentSchemas", false)] {
      let old = merged.members.filter { ($0.value.array != nil) == isList }
      guard !old.isEmpty else { continue }
      let members = old + (schema[name]?.object?.members ?? [])
      schema[name] = .object(JSONObject(members.map { ($0.key, $0.value) }))
    }
  }
}
