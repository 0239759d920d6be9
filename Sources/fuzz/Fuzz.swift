import Glibc

/// Checks one input with the target that `FUZZ_TARGET` names. A finding is printed with its input and ends the program.
enum Fuzz {
  private static let target = unsafe getenv("FUZZ_TARGET").flatMap { name in
    unsafe FuzzTarget(rawValue: String(cString: name))
  }

  static func feed(_ input: [UInt8]) {
    guard let target else { return stop("FUZZ_TARGET is one of \(FuzzTarget.allCases.map(\.rawValue))") }
    do throws(Finding) {
      try target.check(input)
    } catch {
      let hex = input.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
      stop("\(target.rawValue): \(error.message)\n\(String(decoding: input, as: UTF8.self))\n\(hex)")
    }
  }

  static func stop(_ message: String) {
    // Not `print`: libFuzzer exits without flushing stdio.
    let bytes = Array("\(message)\n".utf8)
    _ = unsafe write(2, bytes, bytes.count)
    exit(1)
  }
}

#if FUZZING
  /// The entry point of libFuzzer.
  ///
  /// Proof: libFuzzer lends `count` bytes at `bytes` for the time of the call; they are copied before anything else.
  @_cdecl("LLVMFuzzerTestOneInput")
  func feedFromLibFuzzer(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe Fuzz.feed(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
  }
#else
  /// Without libFuzzer: checks the files named on the command line, to reproduce a finding.
  @main
  struct Replay {
    static func main() {
      for path in CommandLine.arguments.dropFirst() { Fuzz.feed(contents(path)) }
    }

    private static func contents(_ path: String) -> [UInt8] {
      let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else {
        Fuzz.stop("cannot open \(path)")
        return []
      }
      defer { close(descriptor) }
      var part = [UInt8](repeating: 0, count: 1 << 20)
      let count = unsafe read(descriptor, &part, part.count)
      return Array(part.prefix(max(0, count)))
    }
  }
#endif
