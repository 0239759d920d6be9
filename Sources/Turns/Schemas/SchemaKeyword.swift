import Bytes

/// What the value of a keyword is: all keywords that constrain or describe values in JSON Schema from draft-04 to
/// 2020-12, and `nullable` of OpenAPI 3.0. Any other keyword is an annotation that nobody here reads.
enum SchemaKeyword {
  case type
  /// A list of values.
  case values
  case anything
  case number, positiveNumber
  /// A number, or a boolean in draft-04.
  case bound
  /// An integer that is not negative.
  case count
  case pattern
  case flag
  /// Names of properties.
  case names
  /// Lists of names, by name.
  case namesByName
  case schema, schemas, schemasByName, schemasByPattern
  /// A schema, or a list of them for a tuple.
  case items
  /// Schemas or lists of names, by name.
  case dependencies
  case reference
  /// It only describes; a value of another type is dropped.
  case text, mark, list
  /// Schemas that are used only where something refers to them.
  case definitions

  static let all: [String: SchemaKeyword] = [
    "type": .type, "enum": .values, "const": .anything, "default": .anything,
    "minimum": .number, "maximum": .number, "exclusiveMinimum": .bound, "exclusiveMaximum": .bound,
    "multipleOf": .positiveNumber,
    "minLength": .count, "maxLength": .count, "minItems": .count, "maxItems": .count, "minProperties": .count,
    "maxProperties": .count, "minContains": .count, "maxContains": .count,
    "pattern": .pattern, "uniqueItems": .flag, "required": .names, "dependentRequired": .namesByName,
    "properties": .schemasByName, "patternProperties": .schemasByPattern, "dependentSchemas": .schemasByName,
    "additionalProperties": .schema, "unevaluatedProperties": .schema, "propertyNames": .schema,
    "additionalItems": .schema, "unevaluatedItems": .schema, "contains": .schema, "not": .schema, "if": .schema,
    "then": .schema, "else": .schema, "allOf": .schemas, "anyOf": .schemas, "oneOf": .schemas,
    "prefixItems": .schemas, "items": .items, "dependencies": .dependencies,
    "$ref": .reference, "$dynamicRef": .reference, "$recursiveRef": .reference,
    "title": .text, "description": .text, "format": .text, "contentMediaType": .text, "contentEncoding": .text,
    "nullable": .mark, "readOnly": .mark, "writeOnly": .mark, "deprecated": .mark, "examples": .list,
    "$defs": .definitions, "definitions": .definitions,
  ]

  /// The subschemas in a keyword's value, each with the steps that lead to it.
  func subschemas(of value: JSONValue) -> [(steps: [String], schema: JSONValue)] {
    switch self {
    case .schema: [([], value)]
    case .schemas: SchemaKeyword.elements(value)
    case .schemasByName, .schemasByPattern, .definitions: SchemaKeyword.members(value)
    case .items: value.array == nil ? [([], value)] : SchemaKeyword.elements(value)
    case .dependencies: SchemaKeyword.members(value).filter { $0.schema.array == nil }
    case .type, .values, .anything, .number, .positiveNumber, .bound, .count, .pattern, .flag, .names, .namesByName,
      .reference, .text, .mark, .list:
      []
    }
  }

  /// A keyword's value with each of its subschemas replaced.
  func replacing(_ value: JSONValue, _ replacement: (JSONValue) -> JSONValue) -> JSONValue {
    switch self {
    case .schema: replacement(value)
    case .schemas: .array((value.array ?? []).map(replacement))
    case .items: value.array.map { .array($0.map(replacement)) } ?? replacement(value)
    case .schemasByName, .schemasByPattern, .definitions, .dependencies:
      value.object.map { .object($0.mapValues { $0.value.array == nil ? replacement($0.value) : $0.value }) } ?? value
    case .type, .values, .anything, .number, .positiveNumber, .bound, .count, .pattern, .flag, .names, .namesByName,
      .reference, .text, .mark, .list:
      value
    }
  }

  private static func elements(_ value: JSONValue) -> [(steps: [String], schema: JSONValue)] {
    (value.array ?? []).enumerated().map { ([String($0)], $1) }
  }

  private static func members(_ value: JSONValue) -> [(steps: [String], schema: JSONValue)] {
    (value.object?.members ?? []).map { ([$0.key], $0.value) }
  }
}
