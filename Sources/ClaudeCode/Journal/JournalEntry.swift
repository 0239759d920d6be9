public import Bytes
import Storage

/// What the records of a run's journal are.
enum JournalEntry: UInt8 {
  /// The first one: `RunDescription`, as JSON.
  case begun = 1
  /// A line of the CLI, as it came.
  case line = 2
  /// A question of the CLI to the client, as JSON.
  case question = 3
  /// What the client says next, as JSON: a further turn begins.
  case input = 4
  /// How a turn ended, as JSON.
  case ended = 5
  /// The turn has its process: `RunStart`, as JSON.
  case started = 6
}

/// What a journaled run is, from its beginning on.
public struct RunDescription: Sendable, Equatable {
  public let id: String
  /// The kind of surface that began it: `agent`, `response`.
  public let surface: String
  /// Whose it is.
  public let principal: String
  /// Of the request that began it.
  public let requestID: String
  /// When it was begun, in milliseconds since 1970.
  public let createdAt: Int
  /// Whether a run that waits for its client goes on in the same journal.
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

  /// Reads what `RunJournal.request` gives.
  public static func request(in bytes: ArraySlice<UInt8>) -> JSONValue? {
    try? JSONValue(parsing: bytes.span)["request"]
  }

  /// Nil for what `json` does not write.
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
  /// For keeping.
  ///
  /// - Parameters:
  ///   - line: the result's, as the CLI printed it.
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

  /// Nil for what `json` does not write.
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
  /// For keeping.
  var json: JSONValue { ["request_id": .string(requestID), "tool_name": .string(tool), "input": input] }

  /// Nil for what `json` does not write.
  init?(_ json: JSONValue) {
    guard let id = json["request_id"]?.string else { return nil }
    self.init(json, requestID: id)
  }
}
