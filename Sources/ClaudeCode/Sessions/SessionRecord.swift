public import Telemetry

/// What the server remembers of a session between its turns.
public struct SessionRecord: Sendable, Equatable {
  public let id: String
  /// Whose it is.
  public let principal: String
  /// What its next turn inherits.
  public var options: TurnOptions
  /// The conversation as its last turn left it; nil until a turn has ended well.
  public var position: ConversationKey?
  /// When this server first had to do with it; nil for one that was kept before that was noted.
  public var created: Timestamp?
  public var lastUsed: Timestamp?
  /// Turns that are over, those that failed among them.
  public var turns = 0
  /// US dollars, all its turns together.
  public var cost = 0.0

  public init(id: String, principal: String, options: TurnOptions, position: ConversationKey? = nil) {
    self.id = id
    self.principal = principal
    self.options = options
    self.position = position
  }
}
