import Bytes

/// A position in a schema document.
struct SchemaPlace {
  /// The keys and indices that lead to it from the root.
  var steps: [String]
  /// How many of the steps lead to the root of its resource: what a reference without an address starts from.
  var resource = 0
  /// The resource's `$id`, absolute if any of the ids around it is; empty without one.
  var id = ""
  /// How many schemas it is in.
  var depth = 0

  /// A subschema of this one.
  func below(_ keyword: String, _ steps: [String]) -> SchemaPlace {
    var place = self
    place.steps += [keyword] + steps
    place.depth += 1
    return place
  }
}

/// A schema as the client sent it, and what its references refer to (JSON Schema 2020-12, section 8).
struct SchemaDocument {
  let root: JSONValue
  /// The field of the request that holds the schema.
  private let param: String
  private var resources: [String: SchemaPlace] = [:]
  private var anchors: [String: SchemaPlace] = [:]
  private let tables = MemberTables()

  init(_ root: JSONValue, at param: String) {
    self.root = root
    self.param = param
    index(root, SchemaPlace(steps: []))
  }

  /// Whether the schema says that it follows draft-04, where an exclusive bound is a boolean.
  var isDraft4: Bool { root["$schema"]?.string?.contains("draft-04") == true }

  func value(at steps: some Sequence<String>) -> JSONValue? {
    var (value, path) = (root, [String]())
    for step in steps {
      guard let next = self.step(step, into: value, at: path) else { return nil }
      value = next
      path.append(step)
    }
    return value
  }

  private func step(_ step: String, into value: JSONValue, at path: [String]) -> JSONValue? {
    if let object = value.object { return tables.value(of: step, in: object, at: path) }
    guard let array = value.array, let index = Int(step), array.indices.contains(index) else { return nil }
    return array[index]
  }

  // MARK: Faults

  /// - Parameter steps: the position of the fault.
  func fault(_ steps: [String], _ problem: String) -> RequestError {
    let path = path(to: steps)
    return .invalid("\(path) \(problem)", param: path, code: "invalid_schema")
  }

  /// How much of a name is repeated in an error.
  private static let quotedName = 64

  /// The field of the request at this position, as errors name it.
  private func path(to steps: [String]) -> String {
    var path = param
    for (index, step) in steps.enumerated() {
      let name = step.prefix(SchemaDocument.quotedName)
      path += value(at: steps[..<index])?.array == nil ? ".\(name)" : "[\(name)]"
    }
    return path
  }
}

/// Finds members of large objects without comparing all their names: schemas may have thousands of definitions, each
/// referred to once.
private final class MemberTables {
  /// Up to this many members are compared.
  private static let comparedMembers = 32

  private var tables: [[String]: [[UInt8]: JSONValue]] = [:]

  /// - Parameter path: the position of the object.
  func value(of name: String, in object: JSONObject, at path: [String]) -> JSONValue? {
    guard object.members.count > MemberTables.comparedMembers else { return object[name] }
    if tables[path] == nil {
      tables[path] = Dictionary(object.members.map { (Array($0.key.utf8), $0.value) }) { _, last in last }
    }
    return tables[path]?[Array(name.utf8)]
  }
}

// MARK: References

extension SchemaDocument {
  /// The place itself, or as the root of its own resource if the schema has an id.
  func entering(_ schema: JSONObject, _ place: SchemaPlace) -> SchemaPlace {
    guard let id = schema["$id"]?.string ?? schema["id"]?.string, !id.isEmpty, !id.hasPrefix("#") else { return place }
    var place = place
    place.resource = place.steps.count
    place.id = SchemaDocument.absolute(id.hasSuffix("#") ? String(id.dropLast()) : id, from: place.id)
    return place
  }

  private mutating func index(_ value: JSONValue, _ place: SchemaPlace) {
    guard let schema = value.object else { return }
    let place = entering(schema, place)
    if place.resource == place.steps.count, !place.id.isEmpty { resources[place.id] = place }
    for name in ["$anchor", "$dynamicAnchor"] {
      if let anchor = schema[name]?.string { anchors["\(place.id)#\(anchor)"] = place }
    }
    // Until draft-07 an anchor was an id that begins with `#`.
    if let anchor = schema["$id"]?.string ?? schema["id"]?.string, anchor.hasPrefix("#") {
      anchors[place.id + anchor] = place
    }
    for member in schema.members {
      guard let keyword = SchemaKeyword.all[member.key] else { continue }
      for (steps, schema) in keyword.subschemas(of: member.value) { index(schema, place.below(member.key, steps)) }
    }
  }

  /// The place that a reference refers to; nil if that is no part of the document.
  func target(of reference: String, from place: SchemaPlace) -> SchemaPlace? {
    let parts = reference.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    var base = SchemaPlace(
      steps: Array(place.steps.prefix(place.resource)), resource: place.resource, id: place.id)
    if !parts[0].isEmpty {
      guard let found = resources[SchemaDocument.absolute(parts[0], from: place.id)] ?? resources[parts[0]] else {
        return nil
      }
      base = found
    }
    base.depth = 0
    guard parts.count > 1, !parts[1].isEmpty else { return base }
    guard parts[1].hasPrefix("/") else {
      var anchor = anchors["\(base.id)#\(parts[1])"]
      anchor?.depth = 0
      return anchor
    }
    return pointed(parts[1], from: base)
  }

  /// Follows a JSON pointer (RFC 6901). On its way it may enter resources with ids of their own.
  private func pointed(_ pointer: String, from base: SchemaPlace) -> SchemaPlace? {
    guard var value = value(at: base.steps) else { return nil }
    var (place, namesSchemas) = (base, false)
    for token in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      let name = SchemaDocument.percentDecoded(String(token)).replacing("~1", with: "/").replacing("~0", with: "~")
      guard let next = step(name, into: value, at: place.steps) else { return nil }
      // The keys of `properties` and its like are names, and not keywords.
      namesSchemas = !namesSchemas && SchemaKeyword.all[name].map { $0.namesSchemas } ?? false
      value = next
      place.steps.append(name)
      if !namesSchemas, let schema = value.object { place = entering(schema, place) }
    }
    return place
  }

  /// Resolves a reference against an id (RFC 3986, without dot segments).
  private static func absolute(_ reference: String, from base: String) -> String {
    guard !base.isEmpty, !reference.contains(":") else { return reference }
    if reference.hasPrefix("/"), let scheme = base.firstRange(of: "://") {
      let host = base[scheme.upperBound...].prefix { $0 != "/" }
      return String(base[..<scheme.upperBound]) + host + reference
    }
    guard let slash = base.lastIndex(of: "/") else { return reference }
    return String(base[...slash]) + reference
  }

  /// Escapes that are no UTF-8 stay as they are.
  private static func percentDecoded(_ text: String) -> String {
    guard text.utf8.contains(Ascii.percent) else { return text }
    var (bytes, rest) = ([UInt8](), Array(text.utf8)[...])
    while let byte = rest.popFirst() {
      let digits = rest.prefix(2).compactMap(Ascii.hexValue)
      guard byte == Ascii.percent, digits.count == 2 else {
        bytes.append(byte)
        continue
      }
      bytes.append(digits[0] << 4 | digits[1])
      rest = rest.dropFirst(2)
    }
    return String(validating: bytes, as: UTF8.self) ?? text
  }
}

extension SchemaKeyword {
  /// Whether its value is an object whose keys are names of schemas.
  fileprivate var namesSchemas: Bool {
    switch self {
    case .schemasByName, .schemasByPattern, .definitions, .dependencies: true
    default: false
    }
  }
}
