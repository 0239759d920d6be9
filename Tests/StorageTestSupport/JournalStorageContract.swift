import Bytes
package import Storage
import TestSupport

/// What every storage of journals keeps to. Each function returns the rules that are broken.
package struct JournalStorageContract: Sendable {
  private let open: @Sendable () async -> any JournalStorage

  /// - Parameter open: opens an empty storage; the second call within one function opens the first one's again.
  package init(_ open: @escaping @Sendable () async -> any JournalStorage) { self.open = open }

  /// Records are read in the order in which they were appended, in pages of whole records; a record that is longer than
  /// the page comes alone.
  package func pages() async -> [String] {
    let payloads = ["a", String(repeating: "b", count: 500), "c", "d", ""]
    return await Findings.of { findings in
      let storage = await open()
      try await storage.append(JournalRecord.records(Array(payloads[..<2])), to: "r")
      try await storage.append(JournalRecord.records(Array(payloads[2...])), to: "r")
      let length = JournalRecord.records(payloads).count
      for limit in [1, 20, 100, 10_000] {
        var (found, offset) = ([String](), 0)
        while offset < length {
          let page = try await storage.read("r", from: offset, limit: limit)
          let records = JournalRecord.payloads(page)
          findings.check(!page.isEmpty, "an empty page before the end")
          findings.check(page.count <= limit || records.count == 1, "\(page.count) bytes of \(limit)")
          if page.isEmpty { break }
          found += records
          offset += page.count
        }
        findings.check(found == payloads, "read \(found) in pages of \(limit)")
        findings.check(try await storage.read("r", from: length, limit: limit).isEmpty, "more after the end")
      }
    }
  }

  /// Journals are independent of each other.
  package func names() async -> [String] {
    await Findings.of { findings in
      let storage = await open()
      for name in ["a", "b"] { try await storage.append(JournalRecord.records(["in \(name)"]), to: name) }
      await storage.remove("a")
      let rest = JournalRecord.payloads(try await storage.read("b", from: 0, limit: 100))
      findings.check(rest == ["in b"], "read \(rest)")
      await findings.checkFailure("a removed journal is read") {
        _ = try await storage.read("a", from: 0, limit: 100)
      }
    }
  }

  /// A journal that is not there cannot be read, and removing it is no error.
  package func missing() async -> [String] {
    await Findings.of { findings in
      let storage = await open()
      await findings.checkFailure("an unknown journal is read") { _ = try await storage.read("r", from: 0, limit: 10) }
      await storage.remove("r")
      await storage.setAside("r")
      findings.check(try await storage.recover(noting: 6).isEmpty, "a journal from nowhere")
    }
  }

  /// After a restart every journal is found, with its first record, its last one, and the newest of a kind; and it can
  /// be continued.
  package func recovery() async -> [String] {
    await Findings.of { findings in
      let first = await open()
      try await first.append(
        JournalRecord.records(["begin"], kind: 1) + JournalRecord.records(["x"], kind: 6), to: "b")
      try await first.append(JournalRecord.records(["y"], kind: 6) + JournalRecord.records(["end"], kind: 5), to: "b")
      try await first.append(JournalRecord.records(["only"], kind: 1), to: "a")
      let second = await open()
      let found = try await second.recover(noting: 6).sorted { $0.name < $1.name }
      let expected = [
        RecoveredJournal(
          name: "a", length: JournalRecord.records(["only"]).count, first: Array("only".utf8), lastKind: 1,
          last: Array("only".utf8), noted: nil),
        RecoveredJournal(
          name: "b", length: JournalRecord.records(["begin", "x", "y", "end"]).count, first: Array("begin".utf8),
          lastKind: 5, last: Array("end".utf8), noted: Array("y".utf8)),
      ]
      findings.check(found == expected, "recovered \(found)")
      try await second.append(JournalRecord.records(["more"]), to: "a")
      let all = JournalRecord.payloads(try await second.read("a", from: 0, limit: 100))
      findings.check(all == ["only", "more"], "continued as \(all)")
    }
  }

  /// A journal that was set aside is not recovered again.
  package func settingAside() async -> [String] {
    await Findings.of { findings in
      let storage = await open()
      for name in ["a", "b"] { try await storage.append(JournalRecord.records(["in \(name)"], kind: 1), to: name) }
      await storage.setAside("a")
      let names = try await open().recover(noting: 6).map(\.name)
      findings.check(names == ["b"], "recovered \(names)")
    }
  }
}

extension JournalRecord {
  /// Records of one kind, one for each payload.
  package static func records(_ payloads: [String], kind: UInt8 = 2) -> [UInt8] {
    var output = ByteBuffer()
    for payload in payloads { append(kind: kind, Array(payload.utf8).span, to: &output) }
    return output.bytes
  }

  /// The payloads of whole records.
  package static func payloads(_ bytes: [UInt8]) -> [String] {
    var (payloads, offset) = ([String](), 0)
    while case .record(_, let payload) = find(in: bytes.span, at: offset, checks: false) {
      payloads.append(String(decoding: bytes[payload], as: UTF8.self))
      offset = payload.upperBound
    }
    return payloads
  }
}
