public import Bytes

/// A status and header fields, to be written.
public struct HTTPResponseHead: Sendable {
  public struct Field: Sendable, Equatable {
    /// In lower case.
    public let name: String
    public let value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  public var status: HTTPStatus
  public private(set) var fields: [Field] = []

  public init(_ status: HTTPStatus, _ fields: KeyValuePairs<String, String> = [:]) {
    self.status = status
    for (name, value) in fields { self.fields.append(Field(name: name, value: value)) }
  }

  /// The field's value; setting it replaces all values, nil removes them. Names in lower case.
  public subscript(name: String) -> String? {
    get { fields.first { $0.name == name }?.value }
    set {
      fields.removeAll { $0.name == name }
      if let newValue { fields.append(Field(name: name, value: newValue)) }
    }
  }

  /// Adds a field besides others with the same name.
  public mutating func add(_ name: String, _ value: String) { fields.append(Field(name: name, value: value)) }

  /// Appends the status line, the fields and the blank line (RFC 9112 section 4). Control bytes in values become
  /// blanks, so that no value can begin a new line.
  public func write(to output: inout ByteBuffer) {
    output.append("HTTP/1.1 ")
    output.append(decimal: status.rawValue)
    output.append(" ")
    output.append(status.reason)
    output.append("\r\n")
    for field in fields {
      output.append(field.name)
      output.append(": ")
      if field.value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
        for byte in field.value.utf8 { output.append(byte < 0x20 || byte == 0x7F ? Ascii.space : byte) }
      } else {
        output.append(field.value)
      }
      output.append("\r\n")
    }
    output.append("\r\n")
  }
}
