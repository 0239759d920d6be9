public import Bytes
import Storage

/// The kinds of records in a run's journal.
enum JournalEntry: UInt8 {
  /// The first one: `RunDescription`, as JSON.
  case begun = 1
  /// A line of the CLI, unchanged.
  case line = 2
  /// A permission request of the CLI, as JSON.
  case question = 3
  /// The client's next input, as JSON: a further turn begins.
  case input = 4
  /// How a turn ended, as JSON.
  case ended = 5
  /// The turn has its process: `RunStart`, as JSON.
  case started = 6
}

/// The fixed properties of a journaled run.
public struct RunDescription: Sendable, Equatable {
  public let id: String
  /// The kind of surface that began it: `agent`, `response`.
  public let surface: String
  /// The id of the principal.
  public let principal: String
  /// The id of the request that began it.
  public let requestID: String
  /// When it was begun, in milliseconds since 1970.
  public let createdAt: Int
  /// Whether a run that was parked continues in the same journal.
  public let survivesParking: Bool

  public init(
    id: String, surface: String, principal: String, requestID: String, createdAt: Int, survivesParking: Bool = false
  ) {
    self.survivesParking = survivesParking
    self.id = id
    self.surface = surface
    self.principal = principal
    self.requestID = requestID
    self.createdAt = createdAt
  }

  var json: JSONValue {
    [
      "id": .string(id), "surface": .string(surface), "principal": .string(principal),
      "request_id": .string(requestID), "created_at": JSONValue(createdAt), "outlasts_waiting": .bool(survivesParking),
    ]
  }

  /// Reads the bytes that `RunJournal.request` returns.
  public static func request(in bytes: ArraySlice<UInt8>) -> JSONValue? {
    try? JSONValue(parsing: bytes.span)["request"]
  }

  /// Nil for a document that `json` does not write.
  init?(_ json: JSONValue) {
    guard let id = json["id"]?.string, let surface = json["surface"]?.string,
      let principal = json["principal"]?.string, let createdAt = json["created_at"]?.count
    else { return nil }
    self.init(
      id: id, surface: surface, principal: principal, requestID: json["request_id"]?.string ?? "",
      createdAt: createdAt, survivesParking: json["outlasts_waiting"]?.bool ?? false)
  }
}

extension RunOutcome {
  /// The stored form.
  ///
  /// - Parameters:
  ///   - line: the result's line, as the CLI printed it.
  ///   - time: in milliseconds since 1970.
  ///   - total: of all turns of the journal.
  func json(result line: [UInt8], at time: Int, _ total: RunJournal.Total) -> JSONValue {
    var object: JSONObject = ["at": JSONValue(time), "total": total.json]
    switch self {
    case .result(let result):
      object["outcome"] = "result"
      object["result"] = (try? JSONValue(parsing: line)) ?? .null
      object["cost"] = result.totalCost.map { .number("\($0)") }
    case .parked: object["outcome"] = "parked"
    case .failed(let error):
      object["outcome"] = "failed"
      object["error"] = error.json
    }
    return .object(object)
  }

  /// Nil for a document that `json` does not write.
  init?(_ json: JSONValue) {
    switch json["outcome"]?.string {
    case "result":
      guard let result = TurnResult((json["result"] ?? .null).encoded.span) else { return nil }
      self = .result(json["cost"]?.amount.map(result.withCost) ?? result)
    case "parked": self = .parked
    case "failed":
      guard let error = json["error"].flatMap(ClaudeError.init) else { return nil }
      self = .failed(error)
    default: return nil
    }
  }
}

extension PermissionQuestion {
  /// The stored form.
  var json: JSONValue { ["request_id": .string(requestID), "tool_name": .string(tool), "input": input] }

  /// Nil for a document that `json` does not write.
  init?(_ json: JSONValue) {
    guard let id = json["request_id"]?.string else { return nil }
    self.init(json, requestID: id)
  }
}
