import Bytes
import ClaudeCode
import ClaudeCodeTestSupport
import TestSupport
import Testing
import TurnsTestSupport

@testable import Turns

/// Schemas as clients write them, as JSON text, and what the CLI and the upstream get of them.
struct AdaptedSchemaTests {
  private func answer(_ text: String) throws -> AdaptedSchema {
    try AdaptedSchema.answer(try JSONValue(parsing: text), at: "s")
  }

  private func parameters(_ text: String) throws -> AdaptedSchema {
    try AdaptedSchema.parameters(try JSONValue(parsing: text), at: "s")
  }

  /// The schema of a property, in a schema of an answer.
  private func property(_ text: String) throws -> JSONValue? {
    try answer(##"{"type":"object","properties":{"a":\##(text)}}"##).schema["properties"]?["a"]
  }

  @Test(
    "a schema that the CLI compiles stays as it is",
    arguments: [
      ##"{"type":"object"}"##,
      ##"{"type":"object","properties":{"a":{"type":"integer"}},"required":["a"],"additionalProperties":false}"##,
      ##"{"title":"T","description":"d","type":"object","properties":{"a":{"anyOf":[{"type":"string","minLength":1},{"type":"null"}],"default":null}}}"##,
      ##"{"type":"object","properties":{"a":{"type":["integer","null"],"enum":[1,null]},"b":{"const":null},"c":true}}"##,
      ##"{"type":"object","properties":{"a":{"items":{"type":"array","items":{"multipleOf":0.5}},"uniqueItems":true}}}"##,
      ##"{"type":"object","if":{"required":["a"]},"then":{"required":["b"]},"not":{"maxProperties":3}}"##,
      ##"{"type":"object","patternProperties":{"^a":{"examples":[1]}},"propertyNames":{"pattern":"^a"}}"##,
    ])
  func kept(text: String) throws {
    let adapted = try answer(text)
    #expect(adapted.schema.text == text && adapted.mapping == nil)
    #expect(try parameters(text) == adapted)
    // Adapting twice changes nothing.
    #expect(try answer(adapted.schema.text) == adapted)
  }

  @Test(
    "annotations are dropped, and constraints kept",
    arguments: [
      "$schema", "$id", "id", "$comment", "$vocabulary", "$anchor", "example", "x-order", "propertyOrdering",
      "enumDescriptions", "discriminator", "xml", "contentSchema", "unknown",
    ])
  func annotations(name: String) throws {
    for value in [##""https://json-schema.org/draft/2020-12/schema""##, "{}", "null", "7"] {
      let text =
        ##"{"\##(name)":\##(value),"type":"object","properties":{"\##(name)":{"\##(name)":\##(value),"minimum":1}}}"##
      for adapted in [try answer(text), try parameters(text)] {
        let names = adapted.mapping == nil ? name : "_" + name.dropFirst()
        #expect(adapted.schema["properties"]?[names]?["minimum"] == 1)
        #expect(adapted.schema[name] == nil && adapted.schema["properties"]?[names]?[name] == nil)
      }
    }
  }

  @Test(
    "annotations of a wrong type are dropped",
    arguments: [
      ##""title":7"##, ##""description":null"##, ##""examples":{"a":1}"##, ##""readOnly":"yes""##, ##""deprecated":1"##,
      ##""format":null"##, ##""nullable":"x""##,
    ])
  func wrongAnnotations(member: String) throws {
    #expect(try property(##"{\##(member),"type":"string"}"##) == ["type": "string"])
  }

  @Test(
    "keywords of other drafts are written in draft-07",
    arguments: [
      (
        ##"{"prefixItems":[{"type":"string"},true],"items":false}"##,
        ##"{"items":[{"type":"string"},true],"additionalItems":false}"##
      ),
      (##"{"prefixItems":[],"items":{"minimum":1}}"##, ##"{"items":{"minimum":1}}"##),
      (##"{"items":[],"additionalItems":{"minimum":1}}"##, ##"{"items":{"minimum":1}}"##),
      (##"{"items":{"minimum":1},"additionalItems":false}"##, ##"{"items":{"minimum":1}}"##),
      (##"{"additionalItems":false}"##, "{}"),
      (##"{"type":"string","nullable":true}"##, ##"{"type":["string","null"]}"##),
      (##"{"type":["string","null"],"nullable":true}"##, ##"{"type":["string","null"]}"##),
      (##"{"type":"string","nullable":false}"##, ##"{"type":"string"}"##),
      (##"{"nullable":true,"enum":[1]}"##, ##"{"enum":[1]}"##),
      (##"{"dependentRequired":{"a":["b"]}}"##, ##"{"dependencies":{"a":["b"]}}"##),
      (##"{"dependentSchemas":{"a":{"required":["b"]}}}"##, ##"{"dependencies":{"a":{"required":["b"]}}}"##),
      (
        ##"{"dependentRequired":{"a":["b"]},"dependentSchemas":{"a":{"minProperties":2}}}"##,
        ##"{"dependencies":{"a":{"allOf":[{"required":["b"]},{"minProperties":2}]}}}"##
      ),
      (##"{"contains":{"minimum":1},"minContains":1}"##, ##"{"contains":{"minimum":1}}"##),
      (##"{"contains":{"minimum":1},"minContains":0}"##, "{}"), (##"{"minContains":2,"maxContains":3}"##, "{}"),
      (
        ##"{"properties":{"b":true},"unevaluatedProperties":false}"##,
        ##"{"properties":{"b":true},"additionalProperties":false}"##
      ),
      (##"{"allOf":[{}],"unevaluatedProperties":true}"##, ##"{"allOf":[{}]}"##),
      (
        ##"{"additionalProperties":{"minimum":1},"unevaluatedProperties":false}"##,
        ##"{"additionalProperties":{"minimum":1}}"##
      ),
      (##"{"prefixItems":[true],"unevaluatedItems":false}"##, ##"{"items":[true],"additionalItems":false}"##),
      (##"{"unevaluatedItems":{"minimum":1}}"##, ##"{"items":{"minimum":1}}"##),
      (##"{"if":{"minimum":1}}"##, "{}"), (##"{"then":{"minimum":1},"else":false}"##, "{}"),
      (##"{"required":["a","b","a"]}"##, ##"{"required":["a","b"]}"##),
      (##"{"type":["string","string"]}"##, ##"{"type":["string"]}"##),
      (##"{"minLength":1.0,"maxLength":2e1}"##, ##"{"minLength":1,"maxLength":20}"##),
      (##"{"pattern":"\\d\\-\\Z"}"##, ##"{"pattern":"\\d-$"}"##),
      (##"{"patternProperties":{"a\\@":true}}"##, ##"{"patternProperties":{"a@":true}}"##),
      (
        ##"{"enum":[1,"1",1.0,{"a":1,"b":2},{"b":2.0,"a":1},[1,2],[2,1],null]}"##,
        ##"{"enum":[1,"1",{"a":1,"b":2},[1,2],[2,1],null]}"##
      ),
      (##"{"format":"of-our-own"}"##, ##"{"format":"of-our-own"}"##),
      (
        ##"{"properties":{"ab":{"minimum":1}},"patternProperties":{"^a":{"maximum":2}}}"##,
        ##"{"properties":{"ab":{"minimum":1}},"allOf":[{"patternProperties":{"^a":{"maximum":2}}}]}"##
      ),
      (
        ##"{"properties":{"a.b":true},"patternProperties":{"^a":false},"additionalProperties":false,"allOf":[{}]}"##,
        ##"{"additionalProperties":false,"allOf":[{},{"properties":{"a.b":true}},{"patternProperties":{"^a":false}}],"##
          + ##""patternProperties":{"^a\\.b$":true,"^a":true}}"##
      ),
    ])
  func draft7(text: String, expected: String) throws {
    #expect(try property(text)?.text == expected)
  }

  @Test(
    "a function's schema is written in draft 2020-12",
    arguments: [
      (
        ##"{"items":[{"minimum":1},true],"additionalItems":false}"##,
        ##"{"prefixItems":[{"minimum":1},true],"items":false}"##
      ),
      (##"{"prefixItems":[true],"items":{"minimum":1}}"##, ##"{"prefixItems":[true],"items":{"minimum":1}}"##),
      (
        ##"{"dependencies":{"a":["b"],"c":{"minProperties":2}}}"##,
        ##"{"dependentRequired":{"a":["b"]},"dependentSchemas":{"c":{"minProperties":2}}}"##
      ),
      (##"{"type":"string","nullable":true}"##, ##"{"type":["string","null"]}"##),
      (
        ##"{"contains":true,"minContains":2,"maxContains":3}"##, ##"{"contains":true,"minContains":2,"maxContains":3}"##
      ),
      (##"{"allOf":[true],"unevaluatedProperties":false}"##, ##"{"allOf":[true],"unevaluatedProperties":false}"##),
      (##"{"format":"of-our-own","pattern":"(?i)a"}"##, ##"{"format":"of-our-own","pattern":"(?i)a"}"##),
    ])
  func draft2020(text: String, expected: String) throws {
    let adapted = try parameters(##"{"properties":{"a":\##(text)}}"##)
    #expect(adapted.schema["properties"]?["a"]?.text == expected)
  }

  @Test("in a schema of draft-04, exclusive bounds are booleans", arguments: [true, false])
  func exclusive(isExclusive: Bool) throws {
    let bounds =
      ##"{"minimum":1,"exclusiveMinimum":\##(isExclusive),"maximum":2,"exclusiveMaximum":\##(!isExclusive)}"##
    let old = try answer(
      ##"{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","properties":{"a":\##(bounds)}}"##)
    let expected = isExclusive ? ##"{"maximum":2,"exclusiveMinimum":1}"## : ##"{"minimum":1,"exclusiveMaximum":2}"##
    #expect(old.schema["properties"]?["a"]?.text == expected)
    #expect(try refusal { _ = try property(bounds) } == "400 s.properties.a.exclusiveMinimum invalid_schema")
    #expect(
      try refusal {
        _ = try answer(
          ##"{"$schema":"http://json-schema.org/draft-04/schema#","type":"object","exclusiveMaximum":true}"##)
      } == "400 s.exclusiveMaximum invalid_schema")
  }

  // MARK: Faults

  @Test(
    "a fault is named with its position",
    arguments: [
      (##"{"type":"bool"}"##, "type"), (##"{"type":[]}"##, "type"), (##"{"type":["string","text"]}"##, "type"),
      (##"{"type":null}"##, "type"),
      (##"{"enum":null}"##, "enum"), (##"{"enum":[]}"##, "enum"), (##"{"required":null}"##, "required"),
      (##"{"required":true}"##, "required"),
      (##"{"required":[1]}"##, "required"), (##"{"properties":[]}"##, "properties"),
      (##"{"properties":{"b":null}}"##, "properties.b"),
      (##"{"properties":{"b":"string"}}"##, "properties.b"), (##"{"minimum":"1"}"##, "minimum"),
      (##"{"exclusiveMaximum":true}"##, "exclusiveMaximum"),
      (##"{"multipleOf":0}"##, "multipleOf"), (##"{"minLength":-1}"##, "minLength"),
      (##"{"maxItems":1.5}"##, "maxItems"),
      (##"{"maximum":1e999}"##, "maximum"), (##"{"uniqueItems":"yes"}"##, "uniqueItems"),
      (##"{"pattern":7}"##, "pattern"),
      (##"{"pattern":"(?i)a"}"##, "pattern"), (##"{"patternProperties":{"(a":true}}"##, "patternProperties.(a"),
      (##"{"anyOf":[]}"##, "anyOf"), (##"{"anyOf":{}}"##, "anyOf"),
      (##"{"allOf":[{},{"items":{"type":1}}]}"##, "allOf[1].items.type"),
      (##"{"items":[{},7]}"##, "items[1]"), (##"{"additionalProperties":null}"##, "additionalProperties"),
      (##"{"not":[]}"##, "not"),
      (##"{"dependencies":{"b":7}}"##, "dependencies.b"), (##"{"dependentRequired":{"b":{}}}"##, "dependentRequired.b"),
      (##"{"$ref":"#/$defs/B"}"##, "$ref"), (##"{"$ref":"#b"}"##, "$ref"), (##"{"$ref":"other.json"}"##, "$ref"),
      (##"{"$ref":7}"##, "$ref"),
      (##"{"$ref":"https://x.test/a"}"##, "$ref"), (##"{"contains":{},"maxContains":2}"##, "maxContains"),
      (##"{"contains":{},"minContains":2}"##, "minContains"),
      (##"{"anyOf":[{}],"unevaluatedProperties":false}"##, "unevaluatedProperties"),
      (##"{"contains":{},"unevaluatedItems":false}"##, "unevaluatedItems"),
    ])
  func faults(text: String, place: String) throws {
    #expect(try refusal { _ = try property(text) } == "400 s.properties.a.\(place) invalid_schema")
  }

  @Test("the message says what is wrong, and what would be right")
  func message() {
    let fault = #expect(throws: RequestError.self) { _ = try property(##"{"type":"bool"}"##) }
    #expect(
      fault?.message
        == ##"s.properties.a.type must be one or a list of null, boolean, object, array, number, integer, string, not "bool""##
    )
    let pattern = #expect(throws: RequestError.self) { _ = try property(##"{"pattern":"(?i)a"}"##) }
    #expect(
      pattern?.message
        == "s.properties.a.pattern is no regular expression of ECMAScript: ECMAScript has no groups that begin with (?i"
    )
  }

  @Test(
    "arguments are an object", arguments: [##"{"type":"string"}"##, ##"{"type":["array","null"]}"##, ##"{"type":7}"##])
  func arguments(text: String) throws {
    #expect(try refusal { _ = try parameters(text) } == "400 s.type invalid_schema")
  }

  @Test(
    "a function may leave its schema out",
    arguments: ["null", "{}", ##"{"type":null}"##, ##"{"properties":null}"##, ##"{"type":null,"properties":null}"##])
  func noParameters(text: String) throws {
    #expect(try parameters(text) == AdaptedSchema([:]))
  }

  // MARK: References

  @Test(
    "references become references to definitions at the root",
    arguments: [
      ("#/$defs/B", ##""$defs":{"B":{"minimum":1}}"##, "B"),
      ("#/definitions/B", ##""definitions":{"B":{"minimum":1}}"##, "B"),
      ("#/components/schemas/B", ##""components":{"schemas":{"B":{"minimum":1}}}"##, "B"),
      ("#/$defs/a~1b%20c", ##""$defs":{"a/b c":{"minimum":1}}"##, "a_b_c"),
      ("#/$defs/%", ##""$defs":{"%":{"minimum":1}}"##, "_"),
      ("#b", ##""$defs":{"B":{"$anchor":"b","minimum":1}}"##, "B"),
      ("#b", ##""definitions":{"B":{"$id":"#b","minimum":1}}"##, "B"),
      ("#b", ##""$defs":{"B":{"$dynamicAnchor":"b","minimum":1}}"##, "B"),
      ("https://x.test/b", ##""$defs":{"B":{"$id":"https://x.test/b","minimum":1}}"##, "B"),
      ("b#/items", ##""$id":"https://x.test/a","$defs":{"B":{"$id":"b","items":{"minimum":1}}}"##, "items"),
      ("/b", ##""$id":"https://x.test/y/a","$defs":{"B":{"$id":"https://x.test/b","minimum":1}}"##, "B"),
      ("https://x.test/a#/$defs/B", ##""$id":"https://x.test/a","$defs":{"B":{"minimum":1}}"##, "B"),
      ("c", ##""$defs":{"C":{"$id":"c","$ref":"#/$defs/D","$defs":{"D":{"minimum":1}}}}"##, "C"),
    ])
  func references(reference: String, members: String, name: String) throws {
    let schema = ##"{"type":"object","properties":{"a":{"$ref":"\##(reference)"}},\##(members)}"##
    for adapted in [try answer(schema), try parameters(schema)] {
      #expect(adapted.schema["properties"]?["a"] == ["$ref": .string("#/$defs/\(name)")])
      let expected: JSONObject =
        name == "C" ? ["C": ["$ref": "#/$defs/D"], "D": ["minimum": 1]] : [name: ["minimum": 1]]
      #expect(adapted.schema["$defs"] == .object(expected))
      #expect(adapted.schema.object?.keys == ["type", "properties", "$defs"])
      #expect(try answer(adapted.schema.text) == adapted)
    }
  }

  @Test("a definition is there once, two of one name get two, and what nothing refers to is not checked")
  func definitions() throws {
    let adapted = try answer(
      ##"{"type":"object","properties":{"a":{"$ref":"#/$defs/B"},"b":{"$ref":"#/$defs/B"},"c":{"$ref":"#/definitions/B"}},"##
        + ##""$defs":{"B":{"minimum":1},"C":{"type":"bool"}},"definitions":{"B":{"minimum":2}}}"##)
    let names = ["a", "b", "c"].map { adapted.schema["properties"]?[$0]?["$ref"] }
    #expect(names == ["#/$defs/B", "#/$defs/B", "#/$defs/B-2"])
    #expect(adapted.schema["$defs"] == ["B-2": ["minimum": 2], "B": ["minimum": 1]])
  }

  @Test("a schema may refer to itself, at the root and below")
  func recursion() throws {
    let below = try answer(
      ##"{"type":"object","properties":{"a":{"$ref":"#/$defs/N"}},"$defs":{"N":{"properties":{"n":{"$ref":"#/$defs/N"}}}}}"##
    )
    #expect(below.schema["$defs"] == ["N": ["properties": ["n": ["$ref": "#/$defs/N"]]]])
    let root = ##"{"type":"object","properties":{"n":{"$ref":"#"}}}"##
    #expect(try answer(root).schema.text == root)
    let named = try answer(
      ##"{"$ref":"#/$defs/N","$defs":{"N":{"type":"object","properties":{"n":{"$ref":"#/$defs/N"},"r":{"$ref":"#"}}}}}"##
    )
    #expect(named == AdaptedSchema(["type": "object", "properties": ["n": ["$ref": "#"], "r": ["$ref": "#"]]]))
    for loop in [
      ##"{"$ref":"#"}"##, ##"{"$ref":"#/$defs/A","$defs":{"A":{"$ref":"#/$defs/B"},"B":{"$ref":"#/$defs/A"}}}"##,
    ] {
      #expect(try refusal { _ = try answer(loop) } == "400 s invalid_schema")
    }
    #expect(try refusal { _ = try answer(##"{"$ref":"#/$defs/A"}"##) } == "400 s.$ref invalid_schema")
  }

  // MARK: Roots

  @Test(
    "a root that the upstream does not take becomes a property",
    arguments: [
      ##"{"type":"array","items":{"minimum":1}}"##, ##"{"anyOf":[{"type":"object"},{"type":"object"}]}"##, "{}",
      ##"{"type":"object","oneOf":[{"required":["a"]}]}"##, ##"{"type":["object","null"]}"##, ##"{"enum":[1,2]}"##,
    ])
  func wrapped(text: String) throws {
    let schema = try JSONValue(parsing: text)
    let expected: JSONValue = [
      "type": "object", "properties": ["answer": schema], "required": ["answer"], "additionalProperties": false,
    ]
    #expect(try answer(text) == AdaptedSchema(expected, mapping: .wrapped(in: "answer")))
  }

  @Test("properties make a root an object")
  func untyped() throws {
    #expect(
      try answer(##"{"properties":{"a":true}}"##) == AdaptedSchema(["properties": ["a": true], "type": "object"]))
  }

  @Test("references to a root that became a property find it")
  func wrappedRecursion() throws {
    let adapted = try answer(##"{"anyOf":[{"type":"null"},{"items":{"$ref":"#"}}]}"##)
    let union: JSONValue = ["anyOf": [["type": "null"], ["items": ["$ref": "#/$defs/root"]]]]
    #expect(adapted.schema["properties"] == ["answer": union] && adapted.schema["$defs"] == ["root": union])
    let parameters = try parameters(##"{"type":"object","anyOf":[{"required":["a"]}]}"##)
    #expect(parameters.mapping == .wrapped(in: "arguments"))
    #expect(parameters.schema["properties"]?["arguments"]?["type"] == "object")
  }

  @Test("names that the upstream refuses are replaced at the top level, and stay in titles")
  func renamed() throws {
    let text =
      ##"{"type":"object","properties":{"$filter":{"title":"T"},"größe":{"properties":{"$in":true}},"_filter":true,"b c":true},"##
      + ##""required":["$filter","_filter"],"default":{"$filter":1},"examples":[1],"x":{}}"##
    let names = [("$filter", "_filter-2"), ("größe", "gr__e"), ("b c", "b_c")]
    let expected: JSONValue = [
      "type": "object",
      "properties": [
        "_filter-2": ["title": "T"], "gr__e": ["properties": ["$in": true], "title": "größe"], "_filter": true,
        "b_c": true,
      ], "required": ["_filter-2", "_filter"],
    ]
    let mapping = ValueMapping.renamed(names.map { ValueMapping.Name(client: $0.0, upstream: $0.1) })
    #expect(try answer(text) == AdaptedSchema(expected, mapping: mapping))
    #expect(try parameters(text) == AdaptedSchema(expected, mapping: mapping))
  }

  @Test(
    "where other keywords name properties too, the root becomes a property",
    arguments: [
      ##""patternProperties":{"^a":true}"##, ##""dependentRequired":{"$a":["b"]}"##,
      ##""propertyNames":{"minLength":1}"##,
      ##""not":{"required":["$a"]}"##, ##""if":true,"then":{"required":["$a"]}"##, ##""enum":[{"$a":1}]"##,
    ])
  func namedElsewhere(member: String) throws {
    let text = ##"{"type":"object","properties":{"$a":true},\##(member)}"##
    #expect(try parameters(text).mapping == .wrapped(in: "arguments"))
    #expect(try parameters(text).schema["properties"]?["arguments"]?["properties"] == ["$a": true])
  }

  @Test("references to a renamed root find the client's names")
  func renamedRecursion() throws {
    let adapted = try parameters(##"{"type":"object","properties":{"$a":{"$ref":"#"}}}"##)
    #expect(adapted.schema["properties"] == ["_a": ["$ref": "#/$defs/root", "title": "$a"]])
    #expect(adapted.schema["$defs"] == ["root": ["type": "object", "properties": ["$a": ["$ref": "#/$defs/root"]]]])
  }

  // MARK: Limits

  @Test("limit: depth of a schema; references are not deep")
  func depth() async throws {
    let limit = SchemaLimits.depth
    let outcomes = try await LimitTable.row("schema depth", limit) { offset in
      let deep =
        String(repeating: ##"{"not":"##, count: limit + offset) + "{}" + String(repeating: "}", count: limit + offset)
      return try refusal { _ = try parameters(deep) }?.suffix(14).description ?? "taken"
    }
    #expect(outcomes == ["taken", "taken", "invalid_schema"])
  }

  @Test("limits: number of subschemas, those of definitions included", arguments: [true, false])
  func subschemas(isCompiled: Bool) async throws {
    let limit = isCompiled ? SchemaLimits.compiledSubschemas : SchemaLimits.subschemas
    let outcomes = try await LimitTable.row("subschemas", limit) { offset in
      let empty = Array(repeating: "{}", count: limit - 3 + offset).joined(separator: ",")
      let text =
        ##"{"type":"object","properties":{"a":{"$ref":"#/$defs/B"}},"$defs":{"B":{"anyOf":[\##(empty)]}}}"##
      return try refusal { _ = try isCompiled ? answer(text) : parameters(text) } ?? "taken"
    }
    #expect(outcomes == ["taken", "taken", "400 s invalid_schema"])
  }

  @Test("functions of which one has to be called share the limit")
  func forcedSubschemas() throws {
    let half: JSONValue = ["anyOf": .array(Array(repeating: [:], count: SchemaLimits.compiledSubschemas / 2 - 1))]
    let functions = ["f", "g"].map { FunctionDeclaration(name: $0, parameters: half) }
    #expect(try AdaptedSchema.answers(functions) == functions)
    #expect(
      try refusal { _ = try AdaptedSchema.answers(functions + [FunctionDeclaration(name: "h")]) }
        == "400 tools.h.parameters invalid_schema")
  }

  @Test("the path of a fault repeats only the beginning of a long name")
  func longName() throws {
    let name = String(repeating: "n", count: 100)
    #expect(
      try refusal { _ = try answer(##"{"type":"object","properties":{"\##(name)":7}}"##) }
        == "400 s.properties.\(name.prefix(64)) invalid_schema")
  }
}
