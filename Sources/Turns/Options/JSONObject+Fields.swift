package import Bytes

extension JSONObject {
  /// A field that may be missing or null.
  ///
  /// - Parameter kind: what it must be, for the error message.
  /// - Throws: `RequestError` 400 if `read` returns nil.
  package func optional<Value>(_ name: String, _ kind: String, _ read: (JSONValue) -> Value?) throws -> Value? {
    guard let value = self[name], !value.isNull else { return nil }
    guard let read = read(value) else { throw RequestError.invalid("\(name) must be \(kind)", param: name) }
    return read
  }
}
