import Bytes
import ClaudeCode

/// Adapts one schema: walks through it, checks each keyword, drops annotations, and collects what references refer to
/// in `$defs` at the root.
struct SchemaAdapter {
  /// Who reads the schema.
  enum Reader {
    /// The CLI's Ajv: draft-07 in strict mode.
    case validator
    /// The upstream: draft 2020-12.
    case upstream
  }

  let document: SchemaDocument
  let reader: Reader
  private let root: SchemaPlace
  /// The positions that are the root of the adapted schema: the schema's own, and what that refers to.
  private var roots: Set<[String]>
  private var names = UpstreamNames(.property, apartFrom: [])
  /// The names in `$defs`, by position.
  private var definitions: [[String]: String] = [:]
  /// Definitions that are not adapted yet.
  private var waiting: [(name: String, place: SchemaPlace)] = []
  private(set) var subschemas: Int

  /// - Parameter subschemas: those of other schemas that count too.
  /// - Throws: `RequestError` 400 for a root that refers to nothing.
  init(_ document: SchemaDocument, for reader: Reader, after subschemas: Int = 0) throws {
    self.subschemas = subschemas
    self.document = document
    self.reader = reader
    (root, roots) = try SchemaAdapter.root(of: document)
  }

  /// Follows a root that is nothing but a reference.
  private static func root(of document: SchemaDocument) throws -> (SchemaPlace, Set<[String]>) {
    var (place, roots) = (SchemaPlace(steps: []), Set<[String]>())
    while true {
      guard roots.insert(place.steps).inserted else { throw document.fault([], "refers to nothing but itself") }
      guard let schema = document.value(at: place.steps)?.object, let reference = schema["$ref"]?.string,
        !schema.keys.contains(where: { $0 != "$ref" && SchemaAdapter.constrains($0) })
      else { return (place, roots) }
      guard let target = document.target(of: reference, from: document.entering(schema, place)) else {
        throw document.fault(place.steps + ["$ref"], "refers to \(reference.prefix(64)), which is not in the schema")
      }
      place = target
    }
  }

  private static func constrains(_ keyword: String) -> Bool {
    switch SchemaKeyword.all[keyword] {
    case nil, .definitions, .text, .list, .mark: false
    default: keyword != "default"
    }
  }

  // MARK: The whole

  /// - Parameter wrapper: the name of the property that a root of another form becomes.
  /// - Throws: `RequestError` 400 `invalid_schema`.
  mutating func adapted(wrapper: String) throws -> AdaptedSchema {
    guard let value = document.value(at: root.steps) else { throw document.fault(root.steps, "must be a schema") }
    let form = SchemaRoot(value, for: reader)
    // A renamed or wrapped root cannot be referred to as the client's whole.
    if form != .plain { roots = [] }
    let body = try schema(value, at: root)
    var (object, mapping) = (body.object ?? JSONObject(), ValueMapping?.none)
    switch form {
    case .plain: break
    case .renamed(let names):
      object.rename(names)
      mapping = .renamed(names)
    case .wrapped:
      object = [
        "type": "object", "properties": .object([wrapper: body]), "required": [.string(wrapper)],
        "additionalProperties": false,
      ]
      mapping = .wrapped(in: wrapper)
    }
    if reader == .validator { object["type"] = "object" }
    return AdaptedSchema(.object(try withDefinitions(object)), mapping: mapping)
  }

  /// Adapts a schema again, whose root has its form already.
  mutating func readapted() throws -> JSONValue {
    guard let body = try schema(document.root, at: root).object else { return [:] }
    return .object(try withDefinitions(body))
  }

  private mutating func withDefinitions(_ object: JSONObject) throws -> JSONObject {
    var (object, finished) = (object, [(key: String, value: JSONValue)]())
    while let next = waiting.popLast() {
      finished.append((next.name, try schema(document.value(at: next.place.steps) ?? .null, at: next.place)))
    }
    if !finished.isEmpty { object["$defs"] = .object(JSONObject(finished)) }
    return object
  }

  // MARK: References

  /// The reference to a schema of the document, which becomes a definition.
  mutating func reference(to target: SchemaPlace) -> JSONValue {
    if roots.contains(target.steps) { return "#" }
    if let name = definitions[target.steps] { return .string("#/$defs/\(name)") }
    let name = names.make(like: target.steps.last ?? "root")
    definitions[target.steps] = name
    waiting.append((name, target))
    return .string("#/$defs/\(name)")
  }

  // MARK: Schemas

  /// - Throws: `RequestError` 400 `invalid_schema`.
  mutating func schema(_ value: JSONValue, at place: SchemaPlace) throws -> JSONValue {
    if value.bool != nil { return value }
    guard let object = value.object else {
      throw document.fault(place.steps, "must be a schema, not \(value.kindName)")
    }
    subschemas += 1
    let limit = reader == .validator ? SchemaLimits.compiledSubschemas : SchemaLimits.subschemas
    guard subschemas <= limit else { throw document.fault([], "has more than \(limit) subschemas") }
    guard place.depth <= SchemaLimits.depth else {
      throw document.fault(place.steps, "is nested more than \(SchemaLimits.depth) schemas deep")
    }
    let place = document.entering(object, place)
    var kept = JSONObject()
    for member in object.members {
      guard let keyword = SchemaKeyword.all[member.key],
        let value = try adapted(member.value, of: keyword, member.key, at: place)
      else { continue }
      kept[keyword == .reference ? "$ref" : member.key] = value
    }
    try settle(&kept, at: place)
    return .object(kept)
  }
}
