import Bytes
import Turns

extension AnswerForm {
  /// Reads `text.format` of a response: like `response_format`, but flat.
  ///
  /// - Throws: `RequestError` 400.
  static func textFormat(_ value: JSONValue?) throws -> AnswerForm {
    try format(value, "text.format", schema: value?["schema"], "text.format.schema")
  }

  /// Reads `response_format`.
  ///
  /// - Throws: `RequestError` 400.
  static func responseFormat(_ value: JSONValue?) throws -> AnswerForm {
    try format(
      value, "response_format", schema: value?["json_schema"]?["schema"], "response_format.json_schema.schema")
  }

  private static func format(
    _ value: JSONValue?, _ param: String, schema: JSONValue?, _ schemaParam: String
  ) throws -> AnswerForm {
    guard let value, !value.isNull else { return .text }
    switch value["type"]?.string {
    case "text": return .text
    case "json_object": return .structured(schema: ["type": "object", "additionalProperties": true])
    case "json_schema":
      guard let schema, schema.object != nil else {
        throw RequestError.invalid("\(schemaParam) must be an object", param: schemaParam)
      }
      return try .structured(by: schema, at: schemaParam)
    case let type:
      throw RequestError.invalid(
        "\(param).type must be text, json_object or json_schema, not \(type ?? "null")", param: "\(param).type")
    }
  }
}
