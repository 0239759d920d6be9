import Bytes
package import Storage
import TestSupport

/// What every store keeps to. Each function returns the rules that are broken.
package struct StoreContract: Sendable {
  private let open: @Sendable () -> any Store

  /// - Parameter open: opens an empty store; the second call within one function opens the first one's again where the
  ///   store is durable.
  package init(_ open: @escaping @Sendable () -> any Store) { self.open = open }

  /// A new store has no documents, and flushing it is no error.
  package func empty() async -> [String] {
    await Findings.of { findings in
      let store = open()
      findings.check(try await store.load().isEmpty, "a new store is not empty")
      try await store.flush()
      findings.check(try await store.load().isEmpty, "flushing added something")
    }
  }

  /// The last put of a key counts, and nil removes it.
  package func lastPut() async -> [String] {
    await Findings.of { findings in
      let store = open()
      store.put("a", ["n": 1])
      store.put("b", "x\ny")
      store.put("c", nil)
      store.put("a", ["n": 2])
      store.put("b", nil)
      store.put("b", "z")
      store.put("d", 4)
      store.put("d", nil)
      try await store.flush()
      let found = try await store.load()
      findings.check(found == ["a": ["n": 2], "b": "z"], "found \(found)")
    }
  }

  /// Keys and values come back exactly, whatever characters they have.
  package func exactness() async -> [String] {
    let keys = ["", "a b", "\"\\\n", "ä🎉\u{2028}", "key", "\u{0}"]
    return await Findings.of { findings in
      let store = open()
      for key in keys { store.put(key, ["same": .string(key), "more": [.number("1.5"), true, .null]]) }
      try await store.flush()
      let found = try await store.load()
      findings.check(found.count == keys.count, "\(found.count) keys of \(keys.count)")
      for key in keys {
        findings.check(
          found[key] == ["same": .string(key), "more": [.number("1.5"), true, .null]], "\(key.debugDescription) differs"
        )
      }
    }
  }

  /// Puts from several threads are all kept, each key with its last value.
  package func concurrency() async -> [String] {
    await Findings.of { findings in
      let store = open()
      await withTaskGroup(of: Void.self) { group in
        for key in 0..<8 { group.addTask { for n in 0..<200 { store.put("\(key)", JSONValue(n)) } } }
      }
      try await store.flush()
      let found = try await store.load()
      let expected = Dictionary(uniqueKeysWithValues: (0..<8).map { ("\($0)", JSONValue(199)) })
      findings.check(found == expected, "found \(found)")
    }
  }

  /// What was flushed is there when the store is opened again: for durable stores.
  package func durability() async -> [String] {
    await Findings.of { findings in
      let first = open()
      first.put("a", 1)
      first.put("b", 2)
      first.put("a", nil)
      try await first.flush()
      let second = open()
      var found = try await second.load()
      findings.check(found == ["b": 2], "found \(found)")
      second.put("c", 3)
      try await second.flush()
      found = try await open().load()
      findings.check(found == ["b": 2, "c": 3], "found \(found) the second time")
    }
  }
}
