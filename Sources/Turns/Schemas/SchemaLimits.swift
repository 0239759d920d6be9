/// Limits of a JSON schema. A schema beyond them is a 400.
package enum SchemaLimits {
  /// How deep subschemas may nest. References do not count: a recursive schema is not deep.
  package static let depth = 48
  /// Subschemas of one function, referenced ones included.
  package static let subschemas = 10_000
  /// Subschemas of an answer, or of all functions of which one has to be called. The CLI compiles them at the start of a
  /// process: 2,000 take seconds, and 5,000 alternatives more than a minute (2.1.329).
  package static let compiledSubschemas = 2_000
  /// The length of a regular expression, in bytes.
  package static let pattern = 4 * 1024
}
