public import Bytes

/// How the values of a schema that was adapted for the upstream differ from the client's own values. The upstream
/// restricts the names of a tool's properties, at the top level only, and the form of the top level.
public enum ValueMapping: Equatable, Sendable {
  /// A property with one name for the client and another for the upstream.
  public struct Name: Equatable, Sendable {
    public let client: String
    public let upstream: String

    public init(client: String, upstream: String) {
      self.client = client
      self.upstream = upstream
    }
  }

  /// These members of the object have other names.
  case renamed([Name])
  /// The client's value is the only member, of this name, of an object.
  case wrapped(in: String)

  /// The client's value, made of the upstream's. A value that the upstream has not wrapped is the client's already.
  public func restored(_ value: JSONValue) -> JSONValue {
    switch self {
    case .renamed(let names): ValueMapping.rename(value, names.map { ($0.upstream, $0.client) })
    case .wrapped(let name): value[name] ?? value
    }
  }

  /// The upstream's value, made of the client's.
  public func adapted(_ value: JSONValue) -> JSONValue {
    switch self {
    case .renamed(let names): ValueMapping.rename(value, names.map { ($0.client, $0.upstream) })
    case .wrapped(let name): .object([name: value])
    }
  }

  // Names are compared by bytes: to Swift, strings that differ only in Unicode normalisation are equal.
  private static func rename(_ value: JSONValue, _ names: [(old: String, new: String)]) -> JSONValue {
    guard let object = value.object else { return value }
    let table = Dictionary(names.map { (Array($0.old.utf8), $0.new) }) { first, _ in first }
    return .object(object.renamed { table[Array($0.utf8)] ?? $0 })
  }
}

extension ValueMapping {
  /// Its stored form.
  public var json: JSONValue {
    switch self {
    case .renamed(let names):
      ["names": .array(names.map { [.string($0.client), .string($0.upstream)] })]
    case .wrapped(let name): ["wrapper": .string(name)]
    }
  }

  /// Nil for a document that `json` does not write.
  public init?(_ json: JSONValue) {
    if let name = json["wrapper"]?.string {
      self = .wrapped(in: name)
    } else if let pairs = json["names"]?.array {
      self = .renamed(
        pairs.compactMap { pair in
          guard let names = pair.array, names.count == 2, let client = names[0].string, let upstream = names[1].string
          else { return nil }
          return Name(client: client, upstream: upstream)
        })
    } else {
      return nil
    }
  }
}
