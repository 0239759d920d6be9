import Bytes
public import EventLoop
import System

/// The models of the account that the CLI uses, as its processes report them: in the response to `initialize`, or to
/// `list_models` (CLI 2.1.329). No process is started for this.
@Reactor
public final class AccountModels {
  public struct Model: Sendable, Equatable {
    /// The value of `--model`: an alias, or a full name.
    public let name: String
    /// The full name that an alias stands for now; nil if the CLI does not say it.
    public let fullName: String?
    /// For people.
    public let displayName: String
  }

  /// In the CLI's order; empty until a process has reported them.
  public private(set) var models: [Model] = []
  /// Tokens of the longest conversation, by full names: of models that have served a turn.
  public private(set) var contextLengths: [String: Int] = [:]
  /// Called when either has changed.
  public var onChange: (@Reactor () -> Void)?
  /// Whether the next report is read: once for each version of the program.
  private(set) var isWanted = true
  private var program: FileVersion?

  /// Models that are kept, and bytes of a name; a longer report is cut.
  nonisolated static let maximumCount = 100
  nonisolated static let maximumNameLength = 128

  public init() {}

  /// A process of this program is about to start.
  func willStart(_ program: FileVersion?) {
    guard program != self.program else { return }
    self.program = program
    isWanted = true
  }

  /// Takes the models from a `control_response` line. Other responses, and those of a CLI that does not list its
  /// models, change nothing.
  func read(_ line: Span<UInt8>) {
    guard let rows = (try? JSONValue(parsing: line))?["response"]?["response"]?["models"]?.array else { return }
    let models = rows.prefix(AccountModels.maximumCount).compactMap(Model.init)
    guard !models.isEmpty else { return }
    isWanted = false
    guard models != self.models else { return }
    self.models = models
    onChange?()
  }

  /// Takes the context lengths that a result names.
  func note(_ lengths: [String: Int]) {
    var changed = contextLengths
    for (name, length) in lengths where changed[name] != nil || changed.count < AccountModels.maximumCount {
      changed[name] = length
    }
    guard changed != contextLengths else { return }
    contextLengths = changed
    onChange?()
  }
}

extension AccountModels.Model {
  /// Nil for a row without a usable name.
  fileprivate init?(_ row: JSONValue) {
    guard let name = row["value"]?.string, AccountModels.isName(name) else { return nil }
    self.name = name
    fullName = row["resolvedModel"]?.string.flatMap { AccountModels.isName($0) ? $0 : nil }
    displayName = row["displayName"]?.string.map { String($0.prefix(AccountModels.maximumNameLength)) } ?? name
  }
}

extension AccountModels {
  nonisolated fileprivate static func isName(_ name: String) -> Bool {
    (1...maximumNameLength).contains(name.utf8.count) && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }
  }
}
