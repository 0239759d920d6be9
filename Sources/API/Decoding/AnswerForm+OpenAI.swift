import Bytes
import Turns

extension AnswerForm {
  /// Reads `text.format` of a response: like `response_format`, but flat.
  ///
  /// - Throws: `RequestError` 400.
  static func textFormat(_ value: JSONValue?) throws -> AnswerForm {
    guard let value, value["type"] == "json_schema" else { return try format(value, "text.format") }
    return try format(["type": "json_schema", "json_schema": value], "text.format")
  }

  /// Reads `response_format`.
  ///
  /// - Throws: `RequestError` 400.
  static func responseFormat(_ value: JSONValue?) throws -> AnswerForm {
    try format(value, "response_format")
  }

  private static func format(_ value: JSONValue?, _ param: String) throws -> AnswerForm {
    guard let value, !value.isNull else { return .text }
    switch value["type"]?.string {
    case "text": return .text
    case "json_object": return .structured(schema: ["type": "object", "additionalProperties": true])
    case "json_schema":
      guard let schema = value["json_schema"]?["schema"], schema.object != nil else {
        throw RequestError.invalid(
          "\(param).json_schema.schema must be an object", param: "\(param).json_schema.schema")
      }
      return .structured(schema: try checked(schema, "\(param).json_schema.schema"))
    case let type:
      throw RequestError.invalid(
        "\(param).type must be text, json_object or json_schema, not \(type ?? "null")", param: "\(param).type")
    }
  }
}
