/// Limits of a JSON schema. A schema beyond them is a 400.
package enum SchemaLimits {
  /// How deep subschemas may nest. References do not count: a recursive schema is not deep.
  package static let depth = 48
  /// Subschemas of one schema, referenced ones included. The CLI compiles a schema at the start of a process.
  package static let subschemas = 10_000
  /// The length of a regular expression, in bytes.
  package static let pattern = 4 * 1024
}
