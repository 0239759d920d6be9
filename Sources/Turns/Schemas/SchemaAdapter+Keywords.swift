import Bytes

/// The values of single keywords.
extension SchemaAdapter {
  private static let types = ["null", "boolean", "object", "array", "number", "integer", "string"]

  /// The adapted value of a keyword; nil for one that is left out.
  ///
  /// - Throws: `RequestError` 400 `invalid_schema`.
  mutating func adapted(
    _ value: JSONValue, of keyword: SchemaKeyword, _ name: String, at place: SchemaPlace
  ) throws -> JSONValue? {
    let steps = place.steps + [name]
    switch keyword {
    case .type: return try type(value, at: steps)
    case .anything: return value
    case .values, .number, .positiveNumber, .bound, .count, .pattern, .flag:
      return try scalar(value, of: keyword, at: steps)
    case .names: return try nameList(value, at: steps)
    case .namesByName:
      return .object(try members(value, at: steps).mapValues { try nameList($0.value, at: steps + [$0.key]) })
    case .schema: return try schema(value, at: place.below(name, []))
    case .schemas: return try list(value, name, at: place)
    case .items:
      return value.array == nil ? try schema(value, at: place.below(name, [])) : try tuple(value, name, place)
    case .schemasByName:
      return .object(
        try members(value, at: steps).mapValues { try schema($0.value, at: place.below(name, [$0.key])) })
    case .schemasByPattern: return try schemasByPattern(value, name, at: place)
    case .dependencies:
      return .object(
        try members(value, at: steps).mapValues {
          try $0.value.array == nil
            ? schema($0.value, at: place.below(name, [$0.key])) : nameList($0.value, at: steps + [$0.key])
        })
    case .reference: return try reference(value, at: steps, from: place)
    case .text: return value.string.map { .string($0) }
    case .mark: return value.bool.map { .bool($0) }
    case .list: return value.array.map { .array($0) }
    case .definitions: return nil
    }
  }

  private func type(_ value: JSONValue, at steps: [String]) throws -> JSONValue {
    let names = value.array ?? [value]
    guard !names.isEmpty, names.allSatisfy({ $0.string.map(SchemaAdapter.types.contains) == true }) else {
      throw document.fault(
        steps, "must be one or a list of \(SchemaAdapter.types.joined(separator: ", ")), not \(value.text.prefix(64))")
    }
    guard value.array != nil else { return value }
    return .array(names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } })
  }

  private func scalar(_ value: JSONValue, of keyword: SchemaKeyword, at steps: [String]) throws -> JSONValue {
    func check(_ isValid: Bool, _ rule: String) throws {
      if !isValid { throw document.fault(steps, "must be \(rule), not \(value.text.prefix(64))") }
    }
    switch keyword {
    case .values:
      try check(value.array?.isEmpty == false, "a list of values that is not empty")
      return SchemaAdapter.unique(value.array ?? [])
    case .number: try check(value.double?.isFinite == true, "a number")
    case .positiveNumber: try check(value.double.map { $0 > 0 && $0.isFinite } == true, "a number above 0")
    case .bound:
      try check(
        value.double?.isFinite == true || document.isDraft4 && value.bool != nil,
        "a number (a boolean has a meaning only in schemas whose $schema is draft-04)")
    case .count:
      let number = value.double.flatMap { $0 >= 0 && $0 < 9e15 && $0 == $0.rounded() ? Int($0) : nil }
      try check(number != nil, "an integer of 0 or more")
      return number.map { JSONValue($0) } ?? value
    case .pattern: return .string(try pattern(value, at: steps))
    case .flag: try check(value.bool != nil, "true or false")
    default: break
    }
    return value
  }

  /// Without repetitions: the validator refuses them.
  private static func unique(_ values: [JSONValue]) -> JSONValue {
    var seen: Set<[UInt8]> = []
    return .array(values.filter { seen.insert($0.canonical.encoded).inserted })
  }

  private func nameList(_ value: JSONValue, at steps: [String]) throws -> JSONValue {
    guard let names = value.array, names.allSatisfy({ $0.string != nil }) else {
      throw document.fault(steps, "must be a list of names, not \(value.text.prefix(64))")
    }
    var seen: Set<[UInt8]> = []
    return .array(names.filter { seen.insert($0.encoded).inserted })
  }

  private func members(_ value: JSONValue, at steps: [String]) throws -> JSONObject {
    guard let object = value.object else {
      throw document.fault(steps, "must be an object, not \(value.kindName)")
    }
    return object
  }

  private mutating func list(_ value: JSONValue, _ name: String, at place: SchemaPlace) throws -> JSONValue? {
    guard let array = value.array, !array.isEmpty || name == "prefixItems" else {
      throw document.fault(place.steps + [name], "must be a list of schemas that is not empty")
    }
    return try tuple(value, name, place)
  }

  private mutating func tuple(_ value: JSONValue, _ name: String, _ place: SchemaPlace) throws -> JSONValue {
    .array(
      try (value.array ?? []).enumerated().map { index, element in
        try schema(element, at: place.below(name, [String(index)]))
      })
  }

  private mutating func schemasByPattern(_ value: JSONValue, _ name: String, at place: SchemaPlace) throws -> JSONValue
  {
    let steps = place.steps + [name]
    var patterns: [String] = []
    let schemas = try members(value, at: steps).mapValues { member in
      patterns.append(try pattern(.string(member.key), at: steps + [member.key]))
      return try schema(member.value, at: place.below(name, [member.key]))
    }
    var rest = patterns[...]
    return .object(schemas.renamed { rest.popFirst() ?? $0 })
  }

  /// Only the CLI's validator compiles it.
  private func pattern(_ value: JSONValue, at steps: [String]) throws -> String {
    guard let text = value.string else { throw document.fault(steps, "must be a string, not \(value.kindName)") }
    guard reader == .validator else { return text }
    do {
      return try SchemaPattern(text).text
    } catch {
      throw document.fault(steps, "is no regular expression of ECMAScript: \(error.reason)")
    }
  }

  private mutating func reference(_ value: JSONValue, at steps: [String], from place: SchemaPlace) throws -> JSONValue {
    guard let text = value.string else { throw document.fault(steps, "must be a string, not \(value.kindName)") }
    guard let target = document.target(of: text, from: place) else {
      throw document.fault(steps, "refers to \(text.prefix(64)), which is not in the schema")
    }
    return reference(to: target)
  }
}

extension JSONValue {
  /// One spelling for all values that are equal in JSON Schema: 1 and 1.0, and objects whatever the order of members.
  fileprivate var canonical: JSONValue {
    switch self {
    case .number(let text): .number(double.map { "\($0)" } ?? text)
    case .array(let elements): .array(elements.map(\.canonical))
    case .object(let object):
      .array(object.members.sorted { $0.key < $1.key }.map { ["": .string($0.key), ":": $0.value.canonical] })
    case .null, .bool, .string: self
    }
  }

  /// What it is, in the words of JSON Schema.
  var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }
}
